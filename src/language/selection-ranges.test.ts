import { afterAll, beforeAll, expect, test } from "vitest";
import type { SelectionRange } from "vscode-languageserver/node";
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

test("a selection grows by value, field, mapping and service", async () => {
  const document = await server.open(SPEC);
  const [selection] = (await document.request("textDocument/selectionRange", {
    positions: [document.position("timeout: 5|s")],
  })) as SelectionRange[];
  const texts: string[] = [];
  const lines = SPEC.split("\n");
  for (let at: SelectionRange | undefined = selection; at !== undefined; at = at.parent) {
    const { start, end } = at.range;
    texts.push(
      start.line === end.line
        ? (lines[start.line] ?? "").slice(start.character, end.character)
        : `${start.line + 1}-${end.line + 1}`,
    );
  }
  expect(texts.slice(0, 3)).toEqual(["5s", "timeout: 5s", "10-11"]);
  expect(texts.at(-1)).toBe("1-21");
});
