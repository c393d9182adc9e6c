import { afterEach, describe, expect, it } from "vitest";
import { discover } from "./capabilities";
import { ZLayerClient } from "./client";
import { DeployFailed, type DeployProgress, deploy, deploymentName, describeProgress, UndoFailed } from "./deploy";
import { deploymentState, FakeEngine, type FakeEngineOptions, reason, replicaState } from "./fake-engine";
import type { DeploymentState } from "./types";

const SPEC = "version: v1\ndeployment: hello\n";

let engine: FakeEngine;

afterEach(() => engine.close());

async function start(
  options: FakeEngineOptions = {},
): Promise<(signal?: AbortSignal, onProgress?: (progress: DeployProgress) => void) => Promise<DeploymentState>> {
  engine = await FakeEngine.start(options);
  const client = new ZLayerClient(engine.server.endpoint);
  const capabilities = await discover(client);
  return (signal, onProgress) =>
    deploy(client, capabilities, SPEC, { ...(signal && { signal }), ...(onProgress && { onProgress }) });
}

describe("deploy", () => {
  it("reports what it waits for and resolves once everything runs", async () => {
    const pulling = reason("pulling", "pulling 43 of 120 MB", {
      progress: { done: 43_000_000, total: 120_000_000, unit: "bytes" },
    });
    const run = await start({
      onDeploy: (fake) =>
        fake.put(deploymentState("hello", { phase: "waiting", healthy: 0, running: 0, reason: pulling })),
    });
    const messages: string[] = [];
    const state = await run(undefined, ({ message }) => {
      messages.push(message);
      engine.put(deploymentState("hello"));
    });
    expect(messages[0]).toBe("web: pulling 43 of 120 MB · 0 of 1 replica healthy");
    expect(state.phase).toBe("running");
  });

  it.each([
    ["jobs that have ended", { desired: 1, replicas: [replicaState(0, { phase: "stopped" })] }],
    ["services without replicas", { desired: 0, replicas: [] }],
  ])("resolves with %s", async (_words, service) => {
    const ended = deploymentState("hello", { phase: "stopped", running: 0, healthy: 0, ...service });
    const run = await start({ onDeploy: (fake) => fake.put(ended) });
    await expect(run()).resolves.toMatchObject({ phase: "stopped" });
  });

  it("throws the problems of a spec that is refused", async () => {
    const problem = {
      line: 1,
      column: 1,
      endLine: 1,
      endColumn: 8,
      path: "version",
      code: "c",
      message: "m",
      severity: "error",
    };
    const run = await start({
      refuse: { status: 400, body: { error: "not valid", code: "invalid-spec", problems: [problem] } },
    });
    await expect(run()).rejects.toMatchObject({ code: "invalid-spec", problems: [problem] });
  });

  it("fails with the reason and the path of what does not come up", async () => {
    const missing = reason("image-not-found", "there is no such image", { path: "services.web.image.name" });
    const run = await start({
      onDeploy: (fake) =>
        fake.put(deploymentState("hello", { phase: "failed", healthy: 0, running: 0, reason: missing })),
    });
    const error = await run().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DeployFailed);
    expect(error).toMatchObject({ deployment: "hello", service: "web", reason: missing });
    expect(engine.deployments.has("hello")).toBe(true);
  });

  it("fails when a replica crashes again and again, counted from the start of the deploy", async () => {
    const crash = (restarts: number): DeploymentState =>
      deploymentState("hello", {
        phase: "backoff",
        healthy: 0,
        running: 0,
        replicas: [
          replicaState(0, { phase: "backoff", restarts, reason: reason("exited", `ended, restart ${restarts}`) }),
        ],
      });
    const run = await start({ onDeploy: (fake) => fake.put(crash(7)) });
    let restarts = 7;
    const result = run(undefined, () => engine.put(crash(++restarts)));
    await expect(result).rejects.toThrow("web: ended, restart 10");
  });

  it("removes a new deployment when it is cancelled", async () => {
    const abort = new AbortController();
    const run = await start({
      onDeploy: (fake) => fake.put(deploymentState("hello", { phase: "starting", healthy: 0 })),
    });
    await expect(run(abort.signal, () => abort.abort())).rejects.toMatchObject({ name: "AbortError" });
    expect(engine.deployments.size).toBe(0);
    expect(engine.recorded.at(-1)).toMatchObject({ method: "DELETE", path: "/api/v1/deployments/hello" });
  });

  it("gives a deployment its former spec back when a redeploy is cancelled", async () => {
    const abort = new AbortController();
    const run = await start({
      onDeploy: (fake) => fake.put(deploymentState("hello", { phase: "starting", healthy: 0 })),
    });
    engine.specs.set("hello", { deployment: "hello" });
    engine.put(deploymentState("hello"));
    await expect(run(abort.signal, () => abort.abort())).rejects.toMatchObject({ name: "AbortError" });
    expect(engine.recorded.at(-1)).toEqual({
      method: "POST",
      path: "/sidecar/v1/deployments/hello/undo",
      body: { spec: SPEC },
    });
  });

  it("says that it was cancelled, and why its former spec is not back", async () => {
    const abort = new AbortController();
    const run = await start({
      onDeploy: (fake) => fake.put(deploymentState("hello", { phase: "starting", healthy: 0 })),
      refuseUndo: { status: 409, body: { error: "It got another spec meanwhile.", code: "deployed-again" } },
    });
    engine.specs.set("hello", { deployment: "hello" });
    const error = await run(abort.signal, () => abort.abort()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UndoFailed);
    expect((error as Error).message).toBe(
      "The deploy of “hello” was cancelled, but its former spec could not be brought back: It got another spec meanwhile.",
    );
  });

  it("deploys the former spec of a stock daemon again when a redeploy is cancelled", async () => {
    const abort = new AbortController();
    const run = await start({
      stock: true,
      onDeploy: () => setTimeout(() => abort.abort()),
    });
    const former = { deployment: "hello", version: "v1", services: {} };
    engine.specs.set("hello", former);
    await expect(run(abort.signal)).rejects.toMatchObject({ name: "AbortError" });
    const last = engine.recorded.at(-1);
    expect(last).toMatchObject({ method: "POST", path: "/api/v1/deployments" });
    expect(JSON.parse((last?.body as { spec: string } | undefined)?.spec ?? "")).toEqual(former);
  });

  it("deploys nothing when it was cancelled before it began", async () => {
    const run = await start();
    await expect(run(AbortSignal.abort())).rejects.toMatchObject({ name: "AbortError" });
    expect(engine.recorded).toEqual([]);
  });

  it("fails when somebody else removes the deployment meanwhile", async () => {
    const run = await start({
      onDeploy: (fake) => fake.put(deploymentState("hello", { phase: "starting", healthy: 0 })),
    });
    await expect(run(undefined, () => engine.remove("hello"))).rejects.toThrow("was removed while it started");
  });
});

describe("describeProgress", () => {
  it("names at most two waiting services and counts the replicas", async () => {
    engine = await FakeEngine.start();
    const [web] = deploymentState("hello").services;
    const waiting = ["a", "b", "c"].map((name) => ({
      ...(web as NonNullable<typeof web>),
      name,
      phase: "waiting" as const,
      healthy: 0,
      running: 0,
      reason: reason("waiting-for-dependency", `waits for ${name}x`),
    }));
    const state = { ...deploymentState("hello"), services: [...deploymentState("hello").services, ...waiting] };
    expect(describeProgress(state)).toMatchObject({
      message: "a: waits for ax · b: waits for bx · 1 of 4 replicas healthy",
      fraction: 0.25,
    });
  });
});

describe("deploymentName", () => {
  it.each([
    ["deployment: hello", "hello"],
    ['{"deployment": "json"}', "json"],
    ["deployment: [1]", undefined],
    ["a: [", undefined],
    ["", undefined],
  ])("reads %j", async (text, name) => {
    engine = await FakeEngine.start();
    expect(deploymentName(text)).toBe(name);
  });
});
