import { afterAll, beforeAll, expect, test } from "vitest";
import type { InlayHint } from "vscode-languageserver/node";
import { TestServer } from "./testing";

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 900_000);
afterAll(async () => {
  await server.stop();
});

const SPEC = `version: v1
deployment: demo
services:
  web:
    image: { name: ghcr.io/owner/app:1.0 }
    env:
      KEY: "$S:@db/key"
      HOME_PAGE: https://example.org/
    depends:
      - service: db
        timeout: 5s
    scale: { mode: fixed, replicas: 1 }
    storage:
      - { type: bind, source: /srv, target: /srv }
  db:
    image: { name: postgres:17 }
    replica_groups:
      - { role: leader, count: 1 }
    endpoints:
      - { name: sql, protocol: tcp, port: 5432, target_role: leader }
`;

async function hints(): Promise<string[]> {
  const document = await server.open(
    `${SPEC}  cache:\n    image: { name: redis:7 }\n    port_mappings:\n      - container_port: 6379\n`,
  );
  const range = { start: { line: 0, character: 0 }, end: { line: 100, character: 0 } };
  const found = (await document.request("textDocument/inlayHint", { range })) as InlayHint[];
  return found.map(({ position, label }) => `${position.line + 1} ${label as string}`);
}

test("off unless the setting is on", async () => {
  expect(await hints()).toEqual([]);
});

test("defaults that matter stand beside what leaves them out", async () => {
  server.configuration = true;
  const found = await hints();
  server.configuration = null;
  expect(found).toContain("10 healthy, within 5m");
  expect(found).toContain("21 1 to 10 replicas");
  expect(found).toContain("24 on all addresses");
});
