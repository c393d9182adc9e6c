import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { foundryProgram } from "../../../../scripts/lib/foundry.mjs";

/** A chain node of a test's own. */
export interface Anvil {
  readonly rpcUrl: string;
  readonly wsUrl: string;
  stop(): Promise<void>;
}

/** Starts anvil on a free port. @param args more of its arguments */
export async function startAnvil(args: readonly string[] = []): Promise<Anvil> {
  const child = spawn(foundryProgram("anvil"), ["--port", "0", ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const port = await listeningPort(child);
  return {
    rpcUrl: `http://127.0.0.1:${port}`,
    wsUrl: `ws://127.0.0.1:${port}`,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
    },
  };
}

async function listeningPort(child: ChildProcess): Promise<number> {
  if (child.stdout === null) {
    throw new Error("anvil has no output");
  }
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    const found = /Listening on [^:]+:(\d+)/.exec(line);
    if (found !== null) {
      // What follows must not fill the pipe.
      child.stdout.resume();
      return Number(found[1]);
    }
  }
  throw new Error("anvil ended before it listened");
}
