import { afterEach, beforeEach, expect, it } from "vitest";
import { ZLayerClient } from "./client";
import { deploymentState, FakeEngine } from "./fake-engine";
import { startDeployment, stopDeployment } from "./stop-start";

let engine: FakeEngine;
let client: ZLayerClient;

beforeEach(async () => {
  engine = await FakeEngine.start();
  client = new ZLayerClient(engine.server.endpoint);
});

afterEach(() => engine.close());

it("stops what runs and says how much of it there was", async () => {
  const [web] = deploymentState("hello", { desired: 3 }).services;
  const job = { ...(web as NonNullable<typeof web>), name: "job", desired: 0 };
  const state = { ...deploymentState("hello", { desired: 3 }), services: web === undefined ? [] : [web, job] };
  expect(await stopDeployment(client, state)).toEqual({ web: 3 });
  expect(engine.recorded).toEqual([
    { method: "POST", path: "/api/v1/deployments/hello/services/web/scale", body: { replicas: 0 } },
  ]);
});

it.each([
  ["as many as there were", { web: 4 }, {}, 4],
  ["what the spec says, when that is not known", {}, { mode: "fixed", replicas: 2 }, 2],
  ["the lower limit of an adaptive scale", {}, { mode: "adaptive", min: 3, max: 9 }, 3],
  ["one, when the spec says nothing", {}, undefined, 1],
])("starts %s", async (_words, before, scale, replicas) => {
  engine.specs.set("hello", { services: { web: { scale } } });
  await startDeployment(client, deploymentState("hello", { desired: 0, phase: "stopped" }), before);
  expect(engine.recorded.map(({ body }) => body)).toEqual([{ replicas }]);
});
