// Deploys a spec without an editor, through the same code: pulls, starts, shows log lines and measurements, removes.
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { version } from "../../package.json";
import { firstLogLines } from "./headless/first-log-lines";
import { firstMetrics } from "./headless/first-metrics";
import { progressPrinter } from "./headless/progress-printer";
import { ApiError, isAbort } from "./sidecar/api-error";
import { findBinary, requireVersion } from "./sidecar/binary";
import { discover, limitations, whyMissing } from "./sidecar/capabilities";
import { DeployFailed, deploy } from "./sidecar/deploy";
import { placesOf } from "./sidecar/places";
import { SidecarSupervisor } from "./sidecar/supervisor";

const USAGE = `Usage: headless [deploy] FILE [options]

  --socket PATH      the sidecar's socket
  --data-dir DIR     the sidecar's data directory
  --sidecar PATH     the program zlayer-sidecar; else $ZLAYER_SIDECAR, else the first on the PATH
  --log-lines N      log lines to show (10)
  --keep             leave the deployment running
`;

/** Exit codes: 0 all of it worked, 1 something failed, 2 the arguments are wrong, 130 interrupted. */
async function main(args: string[]): Promise<number> {
  const options = readArguments(args);
  if (typeof options === "string") {
    print(`${options}\n\n${USAGE}`);
    return 2;
  }
  const abort = new AbortController();
  process.once("SIGINT", () => abort.abort());
  process.once("SIGTERM", () => abort.abort());
  const { signal } = abort;
  try {
    const spec = await readFile(options.file, "utf8");
    await run(spec, options, signal);
    return 0;
  } catch (error) {
    if (isAbort(error)) {
      print("Interrupted; what was deployed is removed.");
      return 130;
    }
    print(`Failed: ${describe(error, options.file)}`);
    return 1;
  }
}

async function run(spec: string, options: Options, signal: AbortSignal): Promise<void> {
  const places = placesOf({ dataDir: options.dataDir, socket: options.socket });
  const supervisor = new SidecarSupervisor({
    places,
    log: print,
    binary: async () => {
      const binary = await findBinary({ setting: options.sidecar });
      await requireVersion(binary, version);
      return binary;
    },
  });
  await supervisor.ensure(signal);
  const { client } = supervisor;
  const capabilities = await discover(client, { signal });
  for (const { message, remedy } of limitations(capabilities)) {
    print(`note: ${message} ${remedy}`);
  }
  const existed = new Set((await client.deployments({ signal })).map(({ name }) => name));
  let deployed: string | undefined;
  try {
    const deployment = await deploy(client, capabilities, spec, { signal, onProgress: progressPrinter(print) });
    deployed = deployment.name;
    print(`“${deployment.name}” runs.`);
    for (const service of deployment.services) {
      for (const address of service.addresses) {
        print(`  ${service.name}: ${address}`);
      }
    }
    if (options.logLines > 0) {
      print(`\nLog lines:`);
      await firstLogLines(client, deployment, options.logLines, print, signal);
    }
    print(`\nMeasurements:`);
    const missing = whyMissing(capabilities, "metrics");
    await (missing === undefined ? firstMetrics(client, deployment, print, signal) : print(missing));
  } catch (error) {
    if (error instanceof DeployFailed && !existed.has(error.deployment)) {
      deployed = error.deployment;
    }
    throw error;
  } finally {
    if (deployed !== undefined && !options.keep) {
      await client.removeDeployment(deployed);
      print(`\nRemoved “${deployed}”.`);
    }
  }
}

interface Options {
  readonly file: string;
  readonly socket?: string;
  readonly dataDir?: string;
  readonly sidecar?: string;
  readonly logLines: number;
  readonly keep: boolean;
}

/** @returns the options, or what is wrong with the arguments */
function readArguments(args: string[]): Options | string {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { values, positionals } = parsed;
  const files = positionals[0] === "deploy" ? positionals.slice(1) : positionals;
  const [file] = files;
  if (file === undefined || files.length > 1) {
    return "One spec file is needed.";
  }
  const logLines = Number(values["log-lines"]);
  if (!Number.isInteger(logLines) || logLines < 0) {
    return `--log-lines takes a whole number, not "${values["log-lines"]}".`;
  }
  return {
    file,
    logLines,
    keep: values.keep,
    ...(values.socket !== undefined && { socket: values.socket }),
    ...(values["data-dir"] !== undefined && { dataDir: values["data-dir"] }),
    ...(values.sidecar !== undefined && { sidecar: values.sidecar }),
  };
}

function parse(args: string[]) {
  return parseArgs({
    args,
    allowPositionals: true,
    options: {
      socket: { type: "string" },
      "data-dir": { type: "string" },
      sidecar: { type: "string" },
      "log-lines": { type: "string", default: "10" },
      keep: { type: "boolean", default: false },
    },
  });
}

/** Problems of the spec stand at their lines, as compilers write them. */
function describe(error: unknown, file: string): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  if (!(error instanceof ApiError)) {
    return error.message;
  }
  const problems = error.problems.map(({ line, column, message }) => `\n${file}:${line}:${column}: ${message}`);
  return [error.message, error.remedy === undefined ? "" : ` ${error.remedy}`, ...problems].join("");
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
