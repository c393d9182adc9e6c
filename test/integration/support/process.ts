// Servers that a test starts and ends.
import { type ChildProcess, spawn } from "node:child_process";

/** How long a server may take to say that it listens, in milliseconds. */
const STARTS_WITHIN = 30_000;

/**
 * Starts a server and waits for the line that tells that it listens.
 *
 * @param pattern finds that line in the output; its first group is returned
 * @throws {Error} with the output, when the server ends or stays silent
 */
export async function startServer(
  command: string,
  args: readonly string[],
  pattern: RegExp,
): Promise<{ child: ChildProcess; found: string }> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const found = await new Promise<string>((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`${command} ${why}:\n${output}`));
    const timer = setTimeout(() => fail("did not start in time"), STARTS_WITHIN);
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
      const match = pattern.exec(output);
      if (match?.[1] !== undefined) {
        clearTimeout(timer);
        resolve(match[1]);
      }
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.once("error", (error) => fail(error.message));
    child.once("exit", (code) => fail(`exited with ${code}`));
  });
  return { child, found };
}

/** Ends a child and waits until it has ended. */
export async function endServer(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await ended;
}
