// A browser VS Code for one test file: data directory, extensions and home of its own, gone when it is closed.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT, TEST_RESULTS } from "../../../scripts/lib/paths.mjs";
import { type VsCodeHost, vscodeHost } from "../../../scripts/lib/vscode-host.mjs";
import { writeSampleImage } from "../../../scripts/sample-image.mjs";
import { EngineUnreachable } from "../../../src/bridge/sidecar/api-error";
import { ZLayerClient } from "../../../src/bridge/sidecar/client";
import { unixEndpoint } from "../../../src/bridge/sidecar/endpoint";
import { placesOf } from "../../../src/bridge/sidecar/places";

const SETTINGS = {
  "workbench.startupEditor": "none",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "chat.disableAIFeatures": true,
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "telemetry.telemetryLevel": "off",
  "workbench.tips.enabled": false,
  "git.enabled": false,
  "editor.minimap.enabled": false,
  "window.commandCenter": false,
  // Drawn as DOM, so that a test can read it.
  "terminal.integrated.gpuAcceleration": "off",
};

export interface ServerOptions {
  /** Names the log file that is kept in test-results/. */
  readonly name: string;
  /** Path of a .vsix to install, or of several; none for extensions loaded from a development path. */
  readonly vsix?: string | readonly string[];
  /** User settings on top of the quiet defaults. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Asks whether to trust a folder, as a desktop does; off unless said. */
  readonly workspaceTrust?: boolean;
  /** Environment of the extension host, on top of this process's. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Path of the package that `npm run package` made. */
export async function packagedExtension(): Promise<string> {
  const { name, version } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as Record<string, string>;
  return join(ROOT, `${name}-linux-x64-${version}.vsix`);
}

/** A running server; `home` holds everything that it and the extension write. */
export class Server {
  private constructor(
    readonly url: string,
    readonly home: string,
    private readonly process: ChildProcess,
    private readonly settings: Readonly<Record<string, unknown>>,
  ) {}

  /** Data directory of the sidecar that the extension starts here. */
  get engine(): string {
    return join(this.home, "engine");
  }

  /** Its socket. */
  get socket(): string {
    return placesOf({ dataDir: this.engine }).socket;
  }

  /** Puts the sample's image where that sidecar finds it. */
  async provideSampleImage(): Promise<void> {
    await writeSampleImage(join(this.engine, "images", "layouts", "hello"));
  }

  /** @throws {Error} when the extension cannot be installed or the server does not come up within a minute */
  static async start(options: ServerOptions): Promise<Server> {
    const host: VsCodeHost = await vscodeHost();
    const home = await mkdtemp(join(tmpdir(), "zl-e2e-"));
    const dirs = { user: join(home, "user"), extensions: join(home, "extensions"), run: join(home, "run") };
    await mkdir(dirs.extensions);
    await mkdir(dirs.run, { mode: 0o700 });
    const settings = {
      ...SETTINGS,
      "zlayer.sidecar.dataDir": join(home, "engine"),
      "security.workspace.trust.enabled": options.workspaceTrust ?? false,
      ...options.settings,
    };
    await writeSettings(home, settings);
    await writeFile(join(home, "config.yaml"), "");

    const common = [host.entry, "--config", join(home, "config.yaml"), "--user-data-dir", dirs.user];
    common.push("--extensions-dir", dirs.extensions);
    const env = {
      ...process.env,
      EXTENSIONS_GALLERY: '{"serviceUrl":""}',
      HOME: home,
      XDG_CONFIG_HOME: join(home, "config"),
      XDG_DATA_HOME: join(home, "data"),
      XDG_STATE_HOME: join(home, "state"),
      XDG_CACHE_HOME: join(home, "cache"),
      XDG_RUNTIME_DIR: dirs.run,
      ...options.env,
    };
    for (const vsix of [options.vsix ?? []].flat()) {
      await promisify(execFile)(host.node, [...common, "--install-extension", vsix], { env });
    }
    const trust = options.workspaceTrust ? [] : ["--disable-workspace-trust"];
    await mkdir(TEST_RESULTS, { recursive: true });
    const child = spawn(
      host.node,
      [
        ...common,
        ...trust,
        "--bind-addr",
        "127.0.0.1:0",
        "--auth",
        "none",
        "--disable-telemetry",
        "--disable-update-check",
        "--disable-getting-started-override",
        "--vscode-option",
        "enable-smoke-test-driver",
      ],
      { env, detached: true, stdio: ["ignore", "pipe", "pipe"] },
    );
    const url = await listening(child, join(TEST_RESULTS, `${options.name}.server.log`));
    return new Server(url, home, child, settings);
  }

  /** Changes settings of the open windows; those of an earlier call are undone. */
  async set(settings: Readonly<Record<string, unknown>>): Promise<void> {
    await writeSettings(this.home, { ...this.settings, ...settings });
  }

  /** Removes what is deployed, ends the engine, the server and every other process of its home, then removes the home. */
  async close(): Promise<void> {
    await this.removeDeployments();
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const ended = new Promise((resolve) => this.process.once("exit", resolve));
      signalGroup(this.process, "SIGTERM");
      await ended;
    }
    for (const pid of await processesNaming(this.home)) {
      signal(pid, "SIGKILL");
    }
    await rm(this.home, { recursive: true, force: true });
  }

  /** A test that failed leaves its deployment behind, with mounts and network namespaces that only the engine can end. */
  private async removeDeployments(): Promise<void> {
    const client = new ZLayerClient(unixEndpoint(this.socket));
    try {
      for (const { name } of await client.deployments()) {
        await client.removeDeployment(name);
      }
      await client.shutdown();
    } catch (error) {
      if (!(error instanceof EngineUnreachable)) {
        throw error;
      }
    }
  }
}

/** A window in the browser takes settings of the machine, such as paths, from the server's own file. */
async function writeSettings(home: string, settings: Readonly<Record<string, unknown>>): Promise<void> {
  // The machine's first: it wins over the user's, so that what is removed from both goes with the second, when all else is there.
  for (const scope of ["Machine", "User"]) {
    const directory = join(home, "user", scope);
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, "settings.json"), JSON.stringify(settings));
  }
}

/** Waits for the line that tells the address. */
async function listening(child: ChildProcess, log: string): Promise<string> {
  let output = "";
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`VS Code's server ${why}:\n${output}`));
    const timer = setTimeout(() => fail("did not listen within a minute"), 60_000);
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
      void writeFile(log, output);
      const found = /HTTP server listening on (http:\/\/\S+)/.exec(output);
      if (found?.[1] !== undefined) {
        clearTimeout(timer);
        resolve(found[1].replace(/\/$/, ""));
      }
    };
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
    child.once("exit", (code) => fail(`exited with ${code}`));
  });
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

function signalGroup(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid !== undefined) {
    signal(-child.pid, name);
  }
}

/** Processes that have a path in their arguments. */
export async function processesNaming(path: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return pids.filter((pid, index) => Number(pid) !== process.pid && lines[index]?.includes(path)).map(Number);
}
