import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { discover } from "./capabilities";
import {
  removeDeployment,
  restartContainers,
  scaleService,
  startDeployment,
  stopDeployment,
  wantedReplicas,
} from "./change";
import { ZLayerClient } from "./client";
import { deploymentState, FakeEngine, reason, replicaState } from "./fake-engine";
import type { EngineAccess } from "./settle";

let engine: FakeEngine;
let access: EngineAccess;

beforeEach(async () => {
  engine = await FakeEngine.start();
  const client = new ZLayerClient(engine.server.endpoint);
  access = { client, capabilities: await discover(client) };
});

afterEach(() => engine.close());

/** The service "web" with replicas that run, of which `desired` are wanted. */
function running(count: number, desired = count) {
  const replicas = Array.from({ length: count }, (_, index) => replicaState(index));
  return deploymentState("hello", { desired, running: count, healthy: count, replicas });
}

const STOPPED = deploymentState("hello", { phase: "stopped", desired: 0, running: 0, healthy: 0 });

describe("stop", () => {
  it("is done once the last container has ended, and says how many are left", async () => {
    engine.put(running(3));
    engine.options = { onScale: (fake) => fake.put(running(3, 0)) };
    const messages: string[] = [];
    await stopDeployment(access, running(3), {
      onProgress: (message) => {
        messages.push(message);
        engine.put(messages.length === 1 ? running(1, 0) : STOPPED);
      },
    });
    expect(messages).toEqual(["web: 3 containers stop", "web: 1 container stops"]);
    expect(engine.recorded).toEqual([
      { method: "POST", path: "/api/v1/deployments/hello/services/web/scale", body: { replicas: 0 } },
    ]);
  });

  it("goes on when the wait for it is cancelled", async () => {
    engine.put(running(2));
    engine.options = { onScale: (fake) => fake.put(running(2, 0)) };
    const abort = new AbortController();
    const stopping = stopDeployment(access, running(2), { signal: abort.signal, onProgress: () => abort.abort() });
    await expect(stopping).rejects.toMatchObject({ name: "AbortError" });
    expect(engine.recorded.map(({ body }) => body)).toEqual([{ replicas: 0 }]);
  });

  it("leaves out of what is to be started again what was stopped before", () => {
    const state = running(3);
    const job = { ...STOPPED.services[0], name: "job" } as (typeof STOPPED.services)[number];
    expect(wantedReplicas({ ...state, services: [...state.services, job] })).toEqual({ web: 3 });
  });
});

describe("start", () => {
  it.each([
    ["as many as there were", { web: 4 }, {}, 4],
    ["what the spec says, when that is not known", {}, { mode: "fixed", replicas: 2 }, 2],
    ["the lower limit of an adaptive scale", {}, { mode: "adaptive", min: 3, max: 9 }, 3],
    ["one, when the spec says nothing", {}, undefined, 1],
  ])("brings up %s", async (_words, before, scale, replicas) => {
    engine.put(STOPPED);
    engine.specs.set("hello", { services: { web: { scale } } });
    engine.options = { onScale: (fake, count) => fake.put(running(count)) };
    await startDeployment(access, STOPPED, before);
    expect(engine.recorded.map(({ body }) => body)).toEqual([{ replicas }]);
  });
});

describe("scale", () => {
  it("up is done once all are healthy, and says what it waits for", async () => {
    engine.put(running(1));
    const pending = reason("starting", "waiting for the first health check");
    engine.options = {
      onScale: (fake) =>
        fake.put(deploymentState("hello", { phase: "starting", desired: 3, running: 3, healthy: 1, reason: pending })),
    };
    const messages: string[] = [];
    await scaleService(access, "hello", "web", 3, {
      onProgress: (message) => {
        messages.push(message);
        engine.put(running(3));
      },
    });
    expect(messages).toEqual(["web: waiting for the first health check, 1 of 3 replicas healthy"]);
  });

  it("down is done once those that are too many have gone", async () => {
    engine.put(running(3));
    engine.options = { onScale: (fake) => fake.put(running(3, 1)) };
    const messages: string[] = [];
    await scaleService(access, "hello", "web", 1, {
      onProgress: (message) => {
        messages.push(message);
        engine.put(running(1));
      },
    });
    expect(messages).toEqual(["web: 2 containers stop"]);
  });

  it("fails with the reason when a replica does not come up", async () => {
    engine.put(running(1));
    const taken = reason("port-in-use", "Port 80/tcp is in use.");
    const replicas = [replicaState(0), replicaState(1, { phase: "failed", health: "none", reason: taken })];
    engine.options = {
      onScale: (fake) =>
        fake.put(deploymentState("hello", { phase: "failed", desired: 2, healthy: 1, replicas, reason: taken })),
    };
    await expect(scaleService(access, "hello", "web", 2)).rejects.toMatchObject({
      name: "DeployFailed",
      service: "web",
      reason: taken,
    });
  });

  it("does not blame a failed replica that is to go", async () => {
    const failed = [replicaState(0), replicaState(1, { phase: "failed", health: "none" })];
    engine.put(deploymentState("hello", { desired: 2, replicas: failed }));
    engine.options = { onScale: (fake) => fake.put(deploymentState("hello", { desired: 1, replicas: failed })) };
    await scaleService(access, "hello", "web", 1);
    expect(engine.recorded).toHaveLength(1);
  });
});

describe("restart", () => {
  it("is done once the restarted containers are healthy again", async () => {
    engine.put(deploymentState("hello", { replicas: [replicaState(0, { health: "pending" })] }));
    const messages: string[] = [];
    await restartContainers(access, "hello", ["c0"], {
      onProgress: (message) => {
        messages.push(message);
        if (message === "0 of 1 healthy") {
          engine.put(running(1));
        }
      },
    });
    expect(messages).toEqual(["0 of 1 restarted", "1 of 1 restarted", "0 of 1 healthy"]);
    expect(engine.recorded.map(({ path }) => path)).toEqual(["/api/v1/containers/c0/restart"]);
  });
});

describe("remove", () => {
  it("says how many containers are left and is done once the engine has removed all", async () => {
    engine.put(running(2));
    const removal = later();
    engine.options = { removes: removal.done };
    const messages: string[] = [];
    await removeDeployment(access, "hello", {
      onProgress: (message) => {
        messages.push(message);
        removal.resolve();
      },
    });
    expect(messages).toEqual(["2 containers are left"]);
    expect(engine.deployments.size).toBe(0);
  });

  it("goes on when the wait for it is cancelled", async () => {
    engine.put(running(2));
    const removal = later();
    engine.options = { removes: removal.done };
    const abort = new AbortController();
    const removing = removeDeployment(access, "hello", { signal: abort.signal, onProgress: () => abort.abort() });
    await expect(removing).rejects.toMatchObject({ name: "AbortError" });
    removal.resolve();
    await expect.poll(() => engine.deployments.size).toBe(0);
  });
});

/** Something that is done when the test says so. */
function later(): { done: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const done = new Promise<void>((resolved) => {
    resolve = resolved;
  });
  return { done, resolve };
}
