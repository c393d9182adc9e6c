import { afterAll, beforeAll, expect, test } from "vitest";
import type { TextEdit } from "vscode-languageserver/node";
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

async function formatted(text: string): Promise<string> {
  const document = await server.open(text);
  const options = { tabSize: 2, insertSpaces: true };
  return document.applied((await document.request("textDocument/formatting", { options })) as TextEdit[]);
}

test("indentation and brackets, with comments and blank lines kept", async () => {
  const text =
    "# top\nversion:   v1\ndeployment: demo\n\nservices:\n      web:   # ours\n          image: {name: a}\n          scale: {mode: fixed,replicas: 1}\n";
  expect(await formatted(text)).toBe(
    "# top\nversion: v1\ndeployment: demo\n\nservices:\n  web: # ours\n    image: { name: a }\n    scale: { mode: fixed, replicas: 1 }\n",
  );
});

test("a formatted spec stays as it is, and so does its line end", async () => {
  expect(await formatted(SPEC)).toBe(SPEC);
  const crlf = SPEC.replaceAll("\n", "\r\n");
  expect(await formatted(crlf)).toBe(crlf);
});

test("numbers, tags and long text keep what they say", async () => {
  const text = `version: v1\ndeployment: demo\nservices:\n  web:\n    image: { name: a }\n    affinity: !pin "id=2"\n    env:\n      BIG: 99999999999999999999\n      HEX: 0x1F\n      FLOAT: 1.50\n      LONG: ${"word ".repeat(60)}end\n    storage:\n      - { type: tmpfs, target: /t, mode: 0o755 }\n`;
  expect(await formatted(text)).toBe(text);
});

test("a spec that does not parse is left alone", async () => {
  expect(await formatted("version: {v1\n  x: y\n")).toBe("version: {v1\n  x: y\n");
});
