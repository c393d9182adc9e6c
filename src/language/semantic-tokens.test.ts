import { afterAll, beforeAll, expect, test } from "vitest";
import type { SemanticTokens } from "vscode-languageserver/node";
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

test("services, references, durations and images are marked", async () => {
  const document = await server.open(SPEC);
  const { data } = (await document.request("textDocument/semanticTokens/full")) as SemanticTokens;
  const { legend } = server.capabilities["semanticTokensProvider"] as { legend: { tokenTypes: string[] } };
  const lines = SPEC.split("\n");
  const found: string[] = [];
  let line = 0;
  let character = 0;
  for (let at = 0; at < data.length; at += 5) {
    const [down = 0, right = 0, length = 0, type = 0] = data.slice(at, at + 5);
    line += down;
    character = down === 0 ? character + right : right;
    found.push(`${legend.tokenTypes[type]} ${(lines[line] ?? "").slice(character, character + length)}`);
  }
  expect(found).toEqual([
    "class web",
    "type ghcr.io/owner/app:1.0",
    "keyword $S:",
    "variable @db/key",
    "number 5s",
    "class db",
    "type postgres:17",
  ]);
});
