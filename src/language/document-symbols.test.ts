import { afterAll, beforeAll, expect, test } from "vitest";
import type { DocumentSymbol, FoldingRange } from "vscode-languageserver/node";
import { TestServer } from "./testing";

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 900_000);
afterAll(async () => {
  await server.stop();
});

function outline(symbols: DocumentSymbol[]): unknown[] {
  return symbols.map(({ name, children }) => (children?.length ? [name, outline(children)] : name));
}

test("the outline holds fields, services and list items by name", async () => {
  const document = await server.open(
    "version: v1\ndeployment: demo\nservices:\n  web:\n    image: {name: a}\n    endpoints:\n      - name: http\n        protocol: http\n        port: 80\n",
  );
  const symbols = (await document.request("textDocument/documentSymbol")) as DocumentSymbol[];
  expect(outline(symbols)).toEqual([
    "version",
    "deployment",
    [
      "services",
      [
        [
          "web",
          [
            ["image", ["name"]],
            ["endpoints", [["http", ["name", "protocol", "port"]]]],
          ],
        ],
      ],
    ],
  ]);
});

test("broken YAML still has an outline", async () => {
  const document = await server.open("version: v1\nservices:\n  web:\n    image: {name: a\n  db:\n    image: x\n");
  const symbols = (await document.request("textDocument/documentSymbol")) as DocumentSymbol[];
  expect(symbols.map(({ name }) => name)).toEqual(["version", "services"]);
});

test("fields, items and comments fold", async () => {
  const document = await server.open(
    "# one\n# two\nversion: v1\nservices:\n  web:\n    image:\n      name: a\n\n  db:\n    image: {name: b}\n",
  );
  const folds = (await document.request("textDocument/foldingRange")) as FoldingRange[];
  expect(folds.map(({ startLine, endLine }) => `${startLine}-${endLine}`).sort()).toEqual([
    "0-1",
    "3-9",
    "4-6",
    "5-6",
    "8-9",
  ]);
});
