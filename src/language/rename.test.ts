import { afterAll, beforeAll, expect, test } from "vitest";
import type { WorkspaceEdit } from "vscode-languageserver/node";
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

async function renamed(marked: string, newName: string): Promise<string> {
  const document = await server.open(SPEC);
  const edit = (await document.request("textDocument/rename", {
    position: document.position(marked),
    newName,
  })) as WorkspaceEdit | null;
  return document.applied(edit?.changes?.[document.uri] ?? []);
}

test("a service is renamed wherever it is used", async () => {
  const text = await renamed("  d|b:", "store");
  expect(text).toBe(
    SPEC.replace("  db:", "  store:").replace("service: db", "service: store").replace("@db/", "@store/"),
  );
});

test("a role is renamed within its service", async () => {
  expect(await renamed("role: lead|er", "main")).toBe(SPEC.replaceAll("leader", "main"));
});

test("a name that does not work or is taken is refused with the reason", async () => {
  await expect(renamed("  d|b:", "My DB")).rejects.toThrow(/lower-case letters/);
  await expect(renamed("  d|b:", "web")).rejects.toThrow(/already/);
});

test("what is no name cannot be renamed", async () => {
  const document = await server.open(SPEC);
  expect(await document.request("textDocument/prepareRename", { position: document.position("vers|ion") })).toBeNull();
});
