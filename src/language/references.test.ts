import { afterAll, beforeAll, expect, test } from "vitest";
import type { DocumentHighlight, Location } from "vscode-languageserver/node";
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

test("every use of a service, with and without the place that gives it", async () => {
  const document = await server.open(SPEC);
  const uses = async (includeDeclaration: boolean) => {
    const position = document.position("  d|b:");
    const found = (await document.request("textDocument/references", {
      position,
      context: { includeDeclaration },
    })) as Location[];
    return found.map(({ range }) => range.start.line + 1).sort((a, b) => a - b);
  };
  expect(await uses(true)).toEqual([7, 10, 15]);
  expect(await uses(false)).toEqual([7, 10]);
});

test("the same places are highlighted", async () => {
  const document = await server.open(SPEC);
  const position = document.position("role: lead|er");
  const found = (await document.request("textDocument/documentHighlight", { position })) as DocumentHighlight[];
  expect(found.length).toBe(2);
});
