import { afterEach, expect, it } from "vitest";
import { ZLayerClient } from "../sidecar/client";
import { sendJson, serveOnSocket, type TestServer } from "../sidecar/testing";
import { nodeLabels, nodeSizes } from "./node-facts";

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
});

async function clientOf(answers: Record<string, unknown>): Promise<ZLayerClient> {
  server = await serveOnSocket((request, response) => {
    const answer = answers[request.url ?? ""];
    sendJson(response, answer === undefined ? 501 : 200, answer ?? { error: "not served" });
  });
  return new ZLayerClient(server.endpoint);
}

it("lists the labels of all nodes once, and the values of one", async () => {
  const client = await clientOf({
    "/api/v1/nodes": [
      { id: 1, labels: { zone: "a", disk: "ssd" } },
      { id: 2, labels: { zone: "b" } },
      { id: 3, labels: { zone: "a" } },
      { id: 4 },
    ],
  });
  expect(await nodeLabels(client)).toEqual(["disk", "zone"]);
  expect(await nodeLabels(client, "zone")).toEqual(["a", "b"]);
  expect(await nodeLabels(client, "constructor")).toEqual([]);
});

it("tells the sizes of the nodes that live", async () => {
  const client = await clientOf({
    "/api/v1/cluster/nodes": [
      { id: "a", status: "ready", cpu_total: 8, memory_total: 2 ** 34 },
      { id: "b", status: "dead", cpu_total: 64, memory_total: 2 ** 40 },
      { id: "c", status: "ready", cpu_total: 0, memory_total: 0 },
    ],
  });
  expect(await nodeSizes(client)).toEqual([{ name: "a", cpu: 8, memory: 2 ** 34 }]);
});

it("passes on that an engine does not serve the list", async () => {
  const client = await clientOf({});
  await expect(nodeLabels(client)).rejects.toThrow("not served");
  await expect(nodeSizes(client)).rejects.toThrow("not served");
});
