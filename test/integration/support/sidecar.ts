// A real sidecar with a data directory of its own.
import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
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
    private readonly isMounted: boolean,
  ) {}

  /** @param options `diskBytes`: its data directory is a disk of this size; needs the right to mount */
  static async start(options: { diskBytes?: number } = {}): Promise<TestSidecar> {
    const directory = await mkdtemp(join(tmpdir(), "zl-sidecar-"));
    if (options.diskBytes !== undefined) {
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${options.diskBytes},mode=0700`, "tmpfs", directory]);
    }
    const lines: string[] = [];
    const supervisor = new SidecarSupervisor({
      places: { dataDir: directory, socket: join(directory, "api.sock"), rootless: process.getuid?.() !== 0 },
      binary: async () => sidecarBinary(),
      log: (line) => lines.push(line),
    });
    await supervisor.ensure();
    return new TestSidecar(directory, supervisor, lines, options.diskBytes !== undefined);
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
    if (this.isMounted) {
      execFileSync("umount", ["--lazy", this.directory]);
    }
    await rm(this.directory, { recursive: true, force: true });
  }

  /** What containers that are gone, or that never came up, left: processes, mounts, and files of containers, networks and pulls. */
  async leftovers(): Promise<string[]> {
    const { pid: own } = await this.client.info();
    const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name) && Number(name) !== own);
    const processes = pids.map(async (pid) => ({
      pid,
      line: await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""),
    }));
    const mounts = (await readFile("/proc/self/mounts", "utf8")).split("\n");
    const places = ["containers", "anonymous", "network/netns", "network/attachments", "images/tmp"].map(
      async (place) =>
        (await readdir(join(this.directory, place)).catch(() => []))
          .filter((name) => !name.startsWith("."))
          .map((name) => `file ${place}/${name}`),
    );
    return [
      ...(await Promise.all(processes)).flatMap(({ pid, line }) =>
        line.includes(`${this.directory}/`) && !line.includes("\0serve\0")
          ? [`process ${pid} ${line.replaceAll("\0", " ")}`]
          : [],
      ),
      ...mounts.filter((line) => line.includes(`${this.directory}/`)).map((line) => `mount ${line}`),
      ...(await Promise.all(places)).flat(),
    ];
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
