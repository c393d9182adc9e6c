import { afterAll, beforeAll, expect, test } from "vitest";
import type { Diagnostic } from "vscode-languageserver/node";
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

async function effective(text: string): Promise<{ text?: string; error?: string }> {
  const document = await server.open(text);
  return (await server.request("zlayer/effectiveSpec", { uri: document.uri })) as { text?: string; error?: string };
}

test("every default is filled in and marked", async () => {
  const { text = "" } = await effective(SPEC);
  expect(text).toContain("pull_policy: if_not_present # (default)");
  expect(text).toContain("timeout: 5s\n");
  expect(text).toContain("on_timeout: fail # (default)");
  expect(text).toContain("    # (default)\n    command: {}\n");
  expect(text).not.toMatch(/^\s*(\{\}|\[\])/m);
  expect(text.indexOf("  web:")).toBeLessThan(text.indexOf("  db:"));
  const again: Diagnostic[] = (await server.open(text)).diagnostics.filter(({ severity }) => severity === 1);
  expect(again).toEqual([]);
});

test("a spec that is not valid says where", async () => {
  expect((await effective("version: v2\ndeployment: demo\n")).error).toContain("Line 1");
});
