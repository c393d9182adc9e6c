import { afterAll, beforeAll, expect, test } from "vitest";
import { DiagnosticSeverity } from "vscode-languageserver/node";
import { TestServer } from "./testing";

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 900_000);
afterAll(async () => {
  await server.stop();
});

const VALID = `version: v1
deployment: demo
services:
  web:
    image: { name: nginx:1.27 }
    scale: { mode: fixed, replicas: 1 }
`;

test("a valid spec has no diagnostics", async () => {
  expect((await server.open(VALID)).summary).toEqual([]);
});

test("every error is an error at its place, whatever the number", async () => {
  const document = await server.open(VALID.replace("{ name: nginx:1.27 }", "nginx").replace("v1", "v2"));
  expect(document.summary).toEqual(["1:10 invalid-version", "5:12 wrong-type"]);
  expect(document.diagnostics.map(({ severity }) => severity)).toEqual([
    DiagnosticSeverity.Error,
    DiagnosticSeverity.Error,
  ]);
  expect(document.diagnostics[1]?.message).toContain("image: {name:");
});

test("columns count UTF-16 units", async () => {
  const document = await server.open(VALID.replace("{ name: nginx:1.27 }", '{ name: "😀é", x: 1 }'));
  expect(document.summary).toEqual(["5:20 invalid-image", "5:27 unknown-field"]);
});

test("what the sidecar does not serve is a warning", async () => {
  const document = await server.open(`${VALID}    privileged: true\n`);
  expect(document.summary).toEqual(["7:5 not-served"]);
  expect(document.diagnostics[0]?.severity).toBe(DiagnosticSeverity.Warning);
});

test("diagnostics follow edits", async () => {
  const document = await server.open(VALID);
  const at = VALID.indexOf("v1");
  await document.edit(at, 2, "v3");
  expect(document.summary).toEqual(["1:10 invalid-version"]);
  await document.edit(at, 2, "v1");
  expect(document.summary).toEqual([]);
});

test("broken YAML is reported and the server goes on", async () => {
  const document = await server.open("version: v1\ndeployment: {a\nservices:\n\t- x\n");
  expect(document.summary[0]).toMatch(/yaml-syntax$/);
  await document.edit(0, document.text.length, VALID);
  expect(document.summary).toEqual([]);
});

test("an empty document, CRLF and a byte order mark are read", async () => {
  expect((await server.open("")).summary).toEqual(["1:1 empty-spec"]);
  expect((await server.open(VALID.replaceAll("\n", "\r\n"))).summary).toEqual([]);
  // ZLayer itself does not read a byte order mark; VS Code takes it off before anyone sees it.
  expect((await server.open(`\uFEFF${VALID}`)).summary).toEqual(["1:1 byte-order-mark"]);
});

test("broken YAML in one service hides nothing of the others", async () => {
  const broken = `${VALID}  broken:\n    image: { name: "a\n  other:\n    image: nginx\n    depends: [{ service: broken }, { service: nobody }]\n`;
  const { summary } = await server.open(broken);
  expect(summary.filter((line) => line.endsWith("yaml-syntax"))).toHaveLength(1);
  expect(summary.filter((line) => !line.endsWith("yaml-syntax"))).toEqual(
    expect.arrayContaining(["10:12 wrong-type", "11:47 unknown-dependency"]),
  );
  // A name that is being written.
  const named = await server.open(`${VALID}  oth\n  other:\n    image: nginx\n`);
  expect(named.summary).toEqual(expect.arrayContaining(["7:3 yaml-syntax", "9:12 wrong-type"]));
});

test("files that were never saved, and files of several folders and file systems, are checked alike", async () => {
  const faulty = VALID.replace("v1", "v2");
  for (const uri of [
    "untitled:Untitled-1",
    "file:///one/zlayer.yml",
    "file:///two/zlayer.yml",
    "vscode-vfs://github/owner/name/.zlayer.yaml",
  ]) {
    const document = await server.open(faulty, uri);
    expect(document.summary, uri).toEqual(["1:10 invalid-version"]);
    expect(document.diagnostics[0]?.data, uri).toEqual({ path: "version" });
    const hover = await document.request("textDocument/hover", { position: document.position("ima|ge") });
    expect(JSON.stringify(hover), uri).toContain("image");
  }
});
