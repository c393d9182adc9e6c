import { afterEach, describe, expect, it } from "vitest";
import { whyMissing } from "./capabilities";
import { Engine } from "./engine";
import { deploymentState, FakeEngine, replicaState } from "./fake-engine";
import type { StateChange } from "./state";
import { ObservedState } from "./state";

let fake: FakeEngine;
let engine: Engine | undefined;

afterEach(async () => {
  engine?.dispose();
  engine = undefined;
  await fake?.close();
});

async function connected(stock = false): Promise<Engine> {
  fake = await FakeEngine.start({ stock });
  fake.put(deploymentState("hello"));
  engine = new Engine({ kind: "daemon", endpoint: fake.server.endpoint }, () => {});
  await engine.connect();
  return engine;
}

function nextChange(of: Engine, fits: (change: StateChange) => boolean): Promise<StateChange> {
  return new Promise((resolve) => {
    const stop = of.state.onChange((change) => {
      if (fits(change)) {
        stop();
        resolve(change);
      }
    });
  });
}

describe("Engine", () => {
  it("lists what is deployed and tells each change", async () => {
    const it = await connected();
    await nextChange(it, (change) => change.kind === "synced");
    expect([...it.state.deployments.keys()]).toEqual(["hello"]);
    const added = nextChange(it, (change) => change.kind === "deployment");
    fake.put(deploymentState("second"));
    expect(await added).toMatchObject({ name: "second", after: { name: "second" } });
    const removed = nextChange(it, (change) => change.kind === "deployment");
    fake.remove("hello");
    expect(await removed).toMatchObject({ name: "hello", before: { name: "hello" } });
  });

  it("connects again when the connection breaks, keeps what it knew, and drops what is gone by then", async () => {
    const it = await connected();
    await nextChange(it, (change) => change.kind === "synced");
    const statuses: string[] = [];
    it.onStatus((status) => statuses.push(status.kind));
    fake.deployments.clear();
    fake.deployments.set("new", deploymentState("new"));
    const synced = nextChange(it, (change) => change.kind === "synced");
    fake.dropFollowers();
    await expect.poll(() => statuses).toContain("lost");
    await synced;
    expect(statuses).toEqual(["lost", "connecting", "connected"]);
    expect([...it.state.deployments.keys()]).toEqual(["new"]);
  });

  it("rejects when nothing answers, with the reason", async () => {
    fake = await FakeEngine.start();
    const { endpoint } = fake.server;
    await fake.close();
    engine = new Engine({ kind: "daemon", endpoint }, () => {});
    await expect(engine.connect()).rejects.toThrow("nothing is running there");
    fake = await FakeEngine.start();
  });

  it("takes a daemon without the sidecar's calls for a stock one, and says what it lacks", async () => {
    const it = await connected(true);
    const { status } = it;
    expect(status).toMatchObject({ kind: "connected", capabilities: { kind: "daemon", version: "0.1.0" } });
    if (status.kind === "connected") {
      expect(whyMissing(status.capabilities, "tty")).toBe("The zlayer daemon 0.1.0 does not offer terminals.");
    }
  });
});

describe("ObservedState", () => {
  it("tells nothing about what arrives unchanged", () => {
    const state = new ObservedState();
    const changes: StateChange[] = [];
    state.onChange((change) => changes.push(change));
    const deployment = deploymentState("hello", { replicas: [replicaState(0)] });
    state.apply({ type: "deployment", deployment });
    state.apply({ type: "deployment", deployment: structuredClone(deployment) });
    expect(changes).toHaveLength(1);
  });

  it("finds the place of a container", () => {
    const state = new ObservedState();
    state.apply({ type: "deployment", deployment: deploymentState("hello", { replicas: [replicaState(3)] }) });
    expect(state.findReplica("c3")).toMatchObject({ deployment: { name: "hello" }, service: { name: "web" } });
    expect(state.findReplica("c4")).toBeUndefined();
  });

  it("drops what a new list does not name, at its end and not before", () => {
    const state = new ObservedState();
    state.apply({ type: "deployment", deployment: deploymentState("old") });
    state.apply({ type: "synced" });
    state.apply({ type: "list" });
    state.apply({ type: "deployment", deployment: deploymentState("new") });
    expect([...state.deployments.keys()]).toEqual(["old", "new"]);
    state.apply({ type: "synced" });
    expect([...state.deployments.keys()]).toEqual(["new"]);
  });
});
