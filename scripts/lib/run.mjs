// Child processes (argument vectors only) and timed steps.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A command that could not be started or did not exit with 0. */
export class CommandFailed extends Error {
  /**
   * @param {string} message what was run and how it ended
   * @param {string} output what it printed, when it was captured
   */
  constructor(message, output) {
    super(message);
    this.name = "CommandFailed";
    this.output = output;
  }
}

/**
 * Runs a command to its end. Its output goes to the terminal, or is returned when `capture` is set.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, capture?: boolean, onLine?: (line: string) => void }} [options]
 *   `env` is added to this process's. `onLine` is called with each line, which is printed as well.
 * @returns {Promise<string>} what was captured, else ""
 * @throws {CommandFailed}
 */
export function run(command, args, options = {}) {
  const piped = options.capture || options.onLine !== undefined;
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", piped ? "pipe" : "inherit", piped ? "pipe" : "inherit"],
  });
  let output = "";
  let partial = "";
  const take = (chunk, stream) => {
    if (options.capture) {
      output += chunk;
      return;
    }
    stream.write(chunk);
    const lines = (partial + chunk).split("\n");
    partial = lines.pop() ?? "";
    for (const line of lines) {
      options.onLine?.(line);
    }
  };
  child.stdout?.setEncoding("utf8").on("data", (chunk) => take(chunk, process.stdout));
  child.stderr?.setEncoding("utf8").on("data", (chunk) => take(chunk, process.stderr));
  const shown = [command, ...args].join(" ");
  return new Promise((resolve, reject) => {
    child.on("error", (error) => reject(new CommandFailed(`cannot run ${shown}: ${error.message}`, output)));
    child.on("close", (code, signal) => {
      if (code === 0) {
        resolve(output);
      } else {
        reject(new CommandFailed(`${shown} ${signal ? `was ended by ${signal}` : `exited with ${code}`}`, output));
      }
    });
  });
}

/** Whether a command is on the PATH. */
export async function onPath(command) {
  return run("which", [command], { capture: true }).then(
    () => true,
    () => false,
  );
}

/** `820 ms`, `4.2 s`, `3 min 05 s`. */
export function duration(ms) {
  if (ms < 1000) {
    return `${Math.round(ms)} ms`;
  }
  const seconds = Math.round(ms / 1000);
  return seconds < 60
    ? `${(ms / 1000).toFixed(1)} s`
    : `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}

/**
 * Runs one step, printing its name before and the time it took after.
 *
 * @template T
 * @param {string} name
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(name, work) {
  console.log(`> ${name}`);
  const start = performance.now();
  try {
    const result = await work();
    console.log(`  ${name}: ${duration(performance.now() - start)}`);
    return result;
  } catch (error) {
    console.log(`  ${name}: failed after ${duration(performance.now() - start)}`);
    throw error;
  }
}

/** Runs a script's main function; an error becomes one readable message and exit code 1. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    if (error instanceof CommandFailed && error.output) {
      console.error(error.output.trimEnd());
    }
    console.error(`\nerror: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

/** Whether the module with this `import.meta.url` is the script that Node was started with. */
export function isMain(url) {
  return process.argv[1] === fileURLToPath(url);
}
