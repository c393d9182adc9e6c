import { afterAll, beforeAll, expect, test } from "vitest";
import type { DocumentLink } from "vscode-languageserver/node";
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

test("images, addresses and mounted directories are links", async () => {
  const document = await server.open(SPEC);
  const links = (await document.request("textDocument/documentLink")) as DocumentLink[];
  expect(links.map(({ target }) => target).sort()).toEqual([
    "file:///srv",
    "https://example.org/",
    "https://ghcr.io/owner/app",
    "https://hub.docker.com/_/postgres",
  ]);
});
