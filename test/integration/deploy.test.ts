// The bridge's deploy against a real engine: what it resolves to, why it rejects, and what a cancel leaves behind.
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { writeSampleImage } from "../../scripts/sample-image.mjs";
import { ApiError } from "../../src/bridge/sidecar/api-error";
import { type Capabilities, discover } from "../../src/bridge/sidecar/capabilities";
import { DeployFailed, type DeployProgress, deploy } from "../../src/bridge/sidecar/deploy";
import { SidecarSupervisor } from "../../src/bridge/sidecar/supervisor";
import { sidecarBinary, TestSidecar } from "./support/sidecar";

const IMAGE = "oci-layout.localhost/hello:1";

let sidecar: TestSidecar;
let capabilities: Capabilities;

beforeAll(async () => {
  sidecar = await TestSidecar.start();
  await writeSampleImage(join(sidecar.directory, "images", "layouts", "hello"));
  capabilities = await discover(sidecar.client);
});

afterEach(async () => {
  for (const { name } of await sidecar.client.deployments()) {
    await sidecar.client.removeDeployment(name);
  }
});

afterAll(() => sidecar.stop());

function spec(image: string, more = ""): string {
  return `version: v1
deployment: greet
services:
  web:
    image:
      name: ${image}
    command:
      entrypoint: ["/bin/sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]
    scale: { mode: fixed, replicas: 2 }
${more}`;
}

const HEALTHY_LATE = `    health:
      start_grace: 30s
      interval: 1s
      check: { type: command, command: "false" }
`;

function run(text: string, signal?: AbortSignal, onProgress?: (progress: DeployProgress) => void) {
  return deploy(sidecar.client, capabilities, text, { ...(signal && { signal }), ...(onProgress && { onProgress }) });
}

async function names(): Promise<string[]> {
  return (await sidecar.client.deployments()).map(({ name }) => name);
}

describe("deploy", () => {
  test("resolves with a state in which everything runs", async () => {
    const state = await run(spec(IMAGE));
    expect(state).toMatchObject({ name: "greet", phase: "running" });
    expect(state.services[0]).toMatchObject({ desired: 2, running: 2, healthy: 2 });
  });

  test("rejects a spec with all its problems, at their lines", async () => {
    const error = await run(spec(IMAGE, "    nonsense: 1\n").replace("replicas: 2", "replicas: two")).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ApiError);
    expect((error as ApiError).problems.map(({ line }) => line).sort((a, b) => a - b)).toEqual([9, 10]);
    expect(await names()).toEqual([]);
  });

  test("rejects with the field of an image that does not exist", async () => {
    const error = await run(spec("oci-layout.localhost/nothing:1")).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DeployFailed);
    expect((error as DeployFailed).reason).toMatchObject({ code: "image-not-found", path: "services.web.image.name" });
  });

  test("rejects a redeploy with a broken image although the former replicas run", async () => {
    await run(spec(IMAGE));
    await expect(run(spec("oci-layout.localhost/nothing:1"))).rejects.toBeInstanceOf(DeployFailed);
  });

  test("leaves nothing behind when it is cancelled", async () => {
    const abort = new AbortController();
    await expect(run(spec(IMAGE, HEALTHY_LATE), abort.signal, () => abort.abort())).rejects.toMatchObject({
      name: "AbortError",
    });
    await expect.poll(names).toEqual([]);
    await expect.poll(() => sidecar.client.containers()).toEqual([]);
  });

  test("gives the former spec back when a redeploy is cancelled", async () => {
    await run(spec(IMAGE));
    const abort = new AbortController();
    await expect(run(spec(IMAGE, HEALTHY_LATE), abort.signal, () => abort.abort())).rejects.toMatchObject({
      name: "AbortError",
    });
    const state = await sidecar.until("greet", ({ phase }) => phase === "running");
    expect(state.services[0]).toMatchObject({ running: 2, healthy: 2 });
    const stored = await sidecar.client.deploymentSpec("greet");
    expect(JSON.stringify(stored.spec)).not.toContain("30s");
  });
});

describe("windows", () => {
  test("that start a sidecar at once share one, also after it was killed", async () => {
    await run(spec(IMAGE));
    const pids = async (): Promise<(number | null | undefined)[]> =>
      (await sidecar.until("greet", ({ phase }) => phase === "running")).services.flatMap((service) =>
        service.replicas.map((replica) => replica.pid),
      );
    const before = await pids();
    await sidecar.kill();
    const windows = Array.from(
      { length: 3 },
      () =>
        new SidecarSupervisor({
          places: {
            dataDir: sidecar.directory,
            socket: join(sidecar.directory, "api.sock"),
            rootless: process.getuid?.() !== 0,
          },
          binary: async () => sidecarBinary(),
          log: () => {},
        }),
    );
    await Promise.all(windows.map((window) => window.ensure()));
    const sidecars = await Promise.all(windows.map(async ({ client }) => (await client.info()).pid));
    expect(new Set(sidecars).size).toBe(1);
    expect(await pids()).toEqual(before);
  });
});
