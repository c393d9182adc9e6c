import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { errorCode } from "./api-error";
import { expandHome } from "./places";

const NAME = "zlayer-sidecar";

/** A binary that hangs when asked for its version is given up after this many milliseconds. */
const VERSION_TIMEOUT_MS = 10_000;

export type BinaryTrouble = "unsupported-platform" | "missing" | "not-executable" | "cannot-run" | "wrong-version";

/** No usable sidecar binary. The message is for the user. */
export class BinaryProblem extends Error {
  override readonly name = "BinaryProblem";

  constructor(
    readonly trouble: BinaryTrouble,
    message: string,
    /** The file in question; absent when none was found. */
    readonly path?: string,
  ) {
    super(message);
  }
}

/** @throws BinaryProblem `unsupported-platform` on a system that has no Linux containers */
export function requireLinux(platform: NodeJS.Platform = process.platform): void {
  if (platform !== "linux") {
    throw new BinaryProblem(
      "unsupported-platform",
      "The ZLayer sidecar runs on Linux. Open this folder in WSL, over SSH or in a Dev Container, or name a daemon that runs elsewhere in the setting zlayer.endpoint.",
    );
  }
}

export interface BinaryPlaces {
  /** Setting `zlayer.sidecar.path`; empty or absent: not set. */
  readonly setting?: string | undefined;
  /** Directory of the extension, whose `bin/` may hold the binary. */
  readonly extensionDir?: string | undefined;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Finds the sidecar: the setting, then the environment's `ZLAYER_SIDECAR`, then the one in the extension, then PATH. The first
 * two name one file, and nothing else is tried when it is not usable.
 *
 * @throws BinaryProblem `missing` or `not-executable`
 */
export async function findBinary({ setting, extensionDir, env = process.env }: BinaryPlaces): Promise<string> {
  const named = expandHome(setting);
  if (named !== undefined) {
    await requireExecutable(named, "The setting zlayer.sidecar.path names");
    return named;
  }
  const fromEnvironment = env["ZLAYER_SIDECAR"];
  if (fromEnvironment) {
    await requireExecutable(fromEnvironment, "The environment variable ZLAYER_SIDECAR names");
    return fromEnvironment;
  }
  if (extensionDir !== undefined) {
    const bundled = join(extensionDir, "bin", NAME);
    if (await isFile(bundled)) {
      await requireExecutable(bundled, "The extension holds");
      return bundled;
    }
  }
  for (const directory of (env["PATH"] ?? "").split(delimiter)) {
    const candidate = join(directory, NAME);
    if (directory.startsWith("/") && (await isFile(candidate)) && (await isExecutable(candidate))) {
      return candidate;
    }
  }
  throw new BinaryProblem(
    "missing",
    `The program ${NAME} was not found: it is neither in the extension nor on the PATH. Install it, or name it in the setting zlayer.sidecar.path.`,
  );
}

/**
 * Asks a binary for its version: "0.1.0".
 *
 * @throws BinaryProblem `cannot-run`
 */
export async function versionOf(binary: string): Promise<string> {
  let output: string;
  try {
    const result = await promisify(execFile)(binary, ["--version"], { timeout: VERSION_TIMEOUT_MS });
    output = result.stdout;
  } catch (error) {
    throw new BinaryProblem("cannot-run", `${binary} cannot be run: ${whyNotRun(error)}`, binary);
  }
  const version = /\d+\.\d+\.\d+\S*/.exec(output)?.[0];
  if (version === undefined) {
    throw new BinaryProblem(
      "cannot-run",
      `${binary} is not a ZLayer sidecar: it answered "${output.trim().slice(0, 80)}" to --version.`,
      binary,
    );
  }
  return version;
}

/**
 * Checks that a binary fits this extension.
 *
 * @param wanted the extension's version
 * @throws BinaryProblem `cannot-run` or `wrong-version`
 */
export async function requireVersion(binary: string, wanted: string): Promise<void> {
  const found = await versionOf(binary);
  if (!versionsFit(found, wanted)) {
    throw new BinaryProblem(
      "wrong-version",
      `${binary} has version ${found}; this extension needs ${wanted}. Remove it to use the one in the extension, or install the other.`,
      binary,
    );
  }
}

/** Whether two versions speak the same protocol: equal major and minor numbers. */
export function versionsFit(a: string, b: string): boolean {
  const [aMajor, aMinor] = a.split(".");
  const [bMajor, bMinor] = b.split(".");
  return aMajor === bMajor && aMinor === bMinor;
}

async function requireExecutable(path: string, says: string): Promise<void> {
  if (!path.startsWith("/")) {
    throw new BinaryProblem("missing", `${says} "${path}", which is not an absolute path.`, path);
  }
  if (!(await isFile(path))) {
    throw new BinaryProblem("missing", `${says} ${path}, which is not there or not a file.`, path);
  }
  if (!(await isExecutable(path))) {
    throw new BinaryProblem(
      "not-executable",
      `${says} ${path}, which this user may not execute. Run: chmod +x ${path}`,
      path,
    );
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function whyNotRun(error: unknown): string {
  if (error instanceof Error && "killed" in error && error.killed === true) {
    return `it did not answer to --version within ${VERSION_TIMEOUT_MS / 1000} seconds.`;
  }
  switch (errorCode(error)) {
    case "ENOEXEC":
      return "it is not a program for this machine.";
    case "EACCES":
      return "this user may not execute it.";
    case "ENOENT":
      return "it, or the loader that it needs, is not there.";
    default:
      return error instanceof Error ? (error.message.split("\n")[0] ?? error.name) : String(error);
  }
}
