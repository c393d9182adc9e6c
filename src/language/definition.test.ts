import { afterAll, beforeAll, expect, test } from "vitest";
import type { Location } from "vscode-languageserver/node";
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

async function definitionOf(marked: string): Promise<string[]> {
  const document = await server.open(SPEC);
  const found = (await document.request("textDocument/definition", {
    position: document.position(marked),
  })) as Location[];
  return found.map(({ range }) => `${range.start.line + 1}:${range.start.character + 1}`);
}

test("from a dependency to its service", async () => {
  expect(await definitionOf("- service: d|b")).toEqual(["15:3"]);
  expect(await definitionOf("$S:@d|b/key")).toEqual(["15:3"]);
});

test("from an endpoint to its role", async () => {
  expect(await definitionOf("target_role: lead|er")).toEqual(["18:17"]);
});

test("nowhere from what is no name", async () => {
  expect(await definitionOf("deployment: de|mo")).toEqual([]);
});
