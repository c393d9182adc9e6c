// A real sidecar with a data directory of its own.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ZLayerClient } from "../../../src/bridge/sidecar/client";
import { SidecarSupervisor } from "../../../src/bridge/sidecar/supervisor";
import type { DeploymentState } from "../../../src/bridge/sidecar/types";

/** Path of the binary under test. @throws {Error} when the environment does not name it */
export function sidecarBinary(): string {
  const path = process.env["ZLAYER_SIDECAR"];
  if (path === undefined) {
    throw new Error("ZLAYER_SIDECAR does not name a sidecar; run `npm test -- integration`");
  }
  return path;
}

export class TestSidecar {
  private constructor(
    readonly directory: string,
    readonly supervisor: SidecarSupervisor,
    readonly lines: readonly string[],
  ) {}

  static async start(): Promise<TestSidecar> {
    const directory = await mkdtemp(join(tmpdir(), "zl-sidecar-"));
    const lines: string[] = [];
    const supervisor = new SidecarSupervisor({
      places: { dataDir: directory, socket: join(directory, "api.sock"), rootless: process.getuid?.() !== 0 },
      binary: async () => sidecarBinary(),
      log: (line) => lines.push(line),
    });
    await supervisor.ensure();
    return new TestSidecar(directory, supervisor, lines);
  }

  get client(): ZLayerClient {
    return this.supervisor.client;
  }

  /** Ends it as a crash would, without a chance to tidy up. */
  async kill(): Promise<void> {
    const { pid } = await this.client.info();
    process.kill(pid, "SIGKILL");
    while (await this.supervisor.isReady()) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Removes all deployments, ends the sidecar and removes its directory. */
  async stop(): Promise<void> {
    for (const { name } of await this.client.deployments()) {
      await this.client.removeDeployment(name);
    }
    await this.client.shutdown();
    await rm(this.directory, { recursive: true, force: true });
  }

  /**
   * Follows a deployment until its state satisfies a condition.
   *
   * @param withinMs after which it fails, telling the last state
   */
  async until(
    deployment: string,
    condition: (state: DeploymentState) => boolean,
    withinMs = 60_000,
  ): Promise<DeploymentState> {
    const signal = AbortSignal.timeout(withinMs);
    let last: DeploymentState | undefined;
    try {
      for await (const line of this.client.status({ follow: true, signal })) {
        if (line.type === "deployment" && line.deployment.name === deployment) {
          last = line.deployment;
          if (condition(last)) {
            return last;
          }
        }
      }
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }
    }
    throw new Error(`${deployment} did not get there within ${withinMs} ms; last: ${JSON.stringify(last, null, 2)}`);
  }
}
