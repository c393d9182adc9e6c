import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestServer } from "./testing";

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 900_000);
afterAll(async () => {
  await server.stop();
});

/** What the server announces, the file that tests it, and the method that the test must ask for. */
const TESTED: [capability: string, file: string, method: string][] = [
  ["textDocumentSync", "random-edits.test.ts", ""],
  ["codeActionProvider", "code-actions.test.ts", "textDocument/codeAction"],
  ["codeLensProvider", "code-lens.test.ts", "textDocument/codeLens"],
  ["completionProvider", "completion.test.ts", "textDocument/completion"],
  ["hoverProvider", "hover.test.ts", "textDocument/hover"],
  ["documentSymbolProvider", "document-symbols.test.ts", "textDocument/documentSymbol"],
  ["foldingRangeProvider", "document-symbols.test.ts", "textDocument/foldingRange"],
  ["definitionProvider", "definition.test.ts", "textDocument/definition"],
  ["referencesProvider", "references.test.ts", "textDocument/references"],
  ["documentHighlightProvider", "references.test.ts", "textDocument/documentHighlight"],
  ["renameProvider", "rename.test.ts", "textDocument/rename"],
  ["documentLinkProvider", "document-links.test.ts", "textDocument/documentLink"],
  ["documentFormattingProvider", "formatting.test.ts", "textDocument/formatting"],
  ["semanticTokensProvider", "semantic-tokens.test.ts", "textDocument/semanticTokens"],
  ["inlayHintProvider", "inlay-hints.test.ts", "textDocument/inlayHint"],
  ["selectionRangeProvider", "selection-ranges.test.ts", "textDocument/selectionRange"],
];

test("each announced capability has its test", () => {
  expect(Object.keys(server.capabilities).sort()).toEqual(TESTED.map(([capability]) => capability).sort());
});

test.each(TESTED)("%s is tested by %s", (_capability, file, method) => {
  const path = join("src", "language", file);
  expect(existsSync(path) && readFileSync(path, "utf8").includes(method)).toBe(true);
});
