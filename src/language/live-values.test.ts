import { afterAll, beforeAll, expect, test } from "vitest";
import type { CompletionItem } from "vscode-languageserver/node";
import { TestServer } from "./testing";

const HEAD = "version: v1\ndeployment: demo\nservices:\n  web:\n    image: { name: nginx:1.27 }\n";

let server: TestServer;
let plain: TestServer;
beforeAll(async () => {
  [server, plain] = await Promise.all([
    TestServer.start({ initializationOptions: { liveValues: true } }),
    TestServer.start(),
  ]);
}, 900_000);
afterAll(async () => {
  await Promise.all([server.stop(), plain.stop()]);
});

async function offered(from: TestServer, text: string): Promise<string[]> {
  const document = await from.open(text);
  const lines = text.split("\n");
  const position = { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 };
  const items = (await document.request("textDocument/completion", { position })) as CompletionItem[];
  return items.map(({ label }) => label);
}

const image = (word: string) => `version: v1\ndeployment: demo\nservices:\n  web:\n    image:\n      name: ${word}`;

test("images of the engine, tags of the registry and variables are offered where they may stand", async () => {
  const asked: unknown[] = [];
  server.answers.set("zlayer/liveValues", (params) => {
    asked.push(params);
    return ["redis:7", "1.29", "bad value\u0000"];
  });
  expect(await offered(server, image(""))).toContain("redis:7");
  expect(await offered(server, image("ghcr.io/a/b:"))).toEqual(["redis:7", "1.29"]);
  expect(await offered(server, `${HEAD}    env:\n      A: $E:`)).toContain("$E:1.29");
  expect(asked).toEqual([{ kind: "images" }, { kind: "tags", image: "ghcr.io/a/b" }, { kind: "environment" }]);
});

test("secrets, labels of nodes and models of GPUs come from the editor's side and from specs that are open", async () => {
  const other = await server.open(
    `${HEAD}    env: { TOKEN: $S:other-token }\n    node_selector: { labels: { zone: eu-1 }, prefer_labels: { disk: ssd } }\n` +
      "    resources: { gpu: { model: NVIDIA L4 } }\n",
    "file:///other/zlayer.yml",
  );
  const asked: unknown[] = [];
  server.answers.set("zlayer/liveValues", (params) => {
    asked.push(params);
    return ["told", "true"];
  });
  const selector = `${HEAD}    node_selector:\n      labels:\n        `;
  expect(await offered(server, `${HEAD}    env:\n      A: $S:`)).toEqual(
    expect.arrayContaining(["$S:told", "$S:other-token"]),
  );
  expect(await offered(server, selector)).toEqual(expect.arrayContaining(["told", "zone", "disk"]));
  expect(await offered(server, `${selector}disk: x\n        `)).not.toContain("disk");
  expect(await offered(server, `${selector}zone: `)).toEqual(["told", "true", "eu-1"]);
  expect(await offered(server, `${HEAD}    resources:\n      gpu:\n        model: `)).toEqual(
    expect.arrayContaining(["told", "NVIDIA L4"]),
  );
  expect(asked).toContainEqual({ kind: "node-labels", label: "zone" });
  // A word that YAML would read as something else is put in quotes.
  const document = await server.open(`${selector}zone: `);
  const items = (await document.request("textDocument/completion", {
    position: { line: 7, character: 14 },
  })) as CompletionItem[];
  expect(items.find(({ label }) => label === "true")?.textEdit?.newText).toBe('"true"');
  server.notify("textDocument/didClose", { textDocument: { uri: other.uri } });
});

test("an image is written without quotes, so that its tag can be changed", async () => {
  server.answers.set("zlayer/liveValues", () => ["127.0.0.1:5000/app:2"]);
  const document = await server.open(image(""));
  const position = { line: 5, character: 12 };
  const items = (await document.request("textDocument/completion", { position })) as CompletionItem[];
  expect(items.map(({ textEdit }) => textEdit?.newText)).toEqual(["127.0.0.1:5000/app:2"]);
});

test("an answer that never comes, and one of another kind, cost nothing but the wait", async () => {
  server.answers.set("zlayer/liveValues", () => new Promise(() => {}));
  expect(await offered(server, image(""))).toEqual([]);
  server.answers.set("zlayer/liveValues", () => ({ not: "a list" }));
  expect(await offered(server, image(""))).toEqual([]);
});

test("an editor that does not know the request is not asked", async () => {
  plain.answers.set("zlayer/liveValues", () => ["redis:7"]);
  expect(await offered(plain, image(""))).toEqual([]);
});

test("a request that no known node can hold is told, and nothing while no node is known", async () => {
  const text = `${HEAD}    scale: { mode: fixed, replicas: 1 }\n    resources: { cpu: 8, memory: 64Gi, gpu: { count: 2 } }\n`;
  const before = await plain.open(text);
  const codes = (diagnostics: { code?: unknown }[]) => diagnostics.map(({ code }) => code);
  expect(codes(before.diagnostics)).not.toContain("no-node-fits");
  const nodes = [
    { name: "a", cpu: 4, memory: 2 ** 33, gpus: 1 },
    { name: "b", cpu: 2, memory: 2 ** 34, gpus: 0 },
  ];
  plain.notify("zlayer/knownNodes", { nodes });
  const after = await plain.open(text);
  expect(after.diagnostics.filter(({ code }) => code === "no-node-fits").map(({ message }) => message)).toEqual([
    "No node has 8 cores; the largest has 4. This service would wait for one. Ask for less, or add a node.",
    "No node has 64Gi of memory; the largest has 16384Mi. This service would wait for one. Ask for less, or add a node.",
    "No node has 2 GPUs; the largest has 1. This service would wait for one. Ask for less, or add a node.",
  ]);
  plain.notify("zlayer/knownNodes", { nodes: [] });
  expect(codes((await plain.open(text)).diagnostics)).not.toContain("no-node-fits");
});
