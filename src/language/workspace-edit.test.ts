import { PassThrough } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type CodeAction,
  createConnection,
  createMessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type WorkspaceEdit,
} from "vscode-languageserver/node";
import { codeActions } from "./code-actions";
import { SpecDocuments } from "./spec-documents";
import type { SpecValidator } from "./spec-validator";
import { TestServer } from "./testing";

const SPEC =
  "version: v1\ndeployment: demo\nservices:\n  web:\n    image: { name: a }\n    scale: { mode: fixd, replicas: 1 }\n";
const WHOLE = { start: { line: 0, character: 0 }, end: { line: 100, character: 0 } };

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ workspace: { workspaceEdit: { documentChanges: true } } });
}, 900_000);
afterAll(async () => {
  await server.stop();
});

test("edits name the version that they are for, where the editor can tell versions apart", async () => {
  const document = await server.open(SPEC);
  await document.edit(0, 0, "# A shop.\n");
  const textDocument = { uri: document.uri, version: 2 };
  const context = { diagnostics: document.diagnostics };
  const actions = (await document.request("textDocument/codeAction", { range: WHOLE, context })) as CodeAction[];
  expect(actions.length).toBeGreaterThan(1);
  for (const { edit } of actions) {
    expect(edit).toMatchObject({ documentChanges: [{ textDocument }] });
  }
  const renaming = { position: document.position("we|b:"), newName: "front" };
  const renamed = (await document.request("textDocument/rename", renaming)) as WorkspaceEdit;
  expect(renamed).toMatchObject({ documentChanges: [{ textDocument, edits: [{ newText: "front" }] }] });
});

test("an edit that comes while the validator is loaded anew is part of what is mended", async () => {
  const [toServer, toClient] = [new PassThrough(), new PassThrough()];
  const connection = createConnection(new StreamMessageReader(toServer), new StreamMessageWriter(toClient));
  const editor = createMessageConnection(new StreamMessageReader(toClient), new StreamMessageWriter(toServer));
  const documents = new SpecDocuments();
  let checks = 0;
  const edited = new Promise<void>((done) => {
    documents.onDidChange(() => documents.text("file:///a.zlayer.yml")?.version === 2 && done());
  });
  const validator = {
    ready: async () => {},
    // As one that broke down: loading it takes turns of the event loop, in which messages arrive.
    checkEdited: async () => {
      checks += 1;
      if (checks === 1) {
        await editor.sendNotification("textDocument/didChange", {
          textDocument: { uri: "file:///a.zlayer.yml", version: 2 },
          contentChanges: [{ range: { start: WHOLE.start, end: WHOLE.start }, text: "# One.\n# Two.\n" }],
        });
        await edited;
      }
      return { valid: false, problems: [], unserved: [] };
    },
  } satisfies Pick<SpecValidator, "ready" | "checkEdited"> as unknown as SpecValidator;
  const client = { hasConfiguration: false, hasLiveValues: false, hasVersionedEdits: true };
  connection.onInitialize(() => ({ capabilities: {} }));
  codeActions.register({ connection, documents, validator, client });
  documents.listen(connection);
  connection.listen();
  editor.listen();
  await editor.sendRequest("initialize", { processId: null, rootUri: null, capabilities: {} });
  // That there is no scale is for our own rules to find.
  const text = SPEC.replace(/ *scale.*\n/, "");
  await editor.sendNotification("textDocument/didOpen", {
    textDocument: { uri: "file:///a.zlayer.yml", languageId: "zlayer", version: 1, text },
  });
  const actions = await editor.sendRequest<CodeAction[]>("textDocument/codeAction", {
    textDocument: { uri: "file:///a.zlayer.yml" },
    range: WHOLE,
    context: { diagnostics: [] },
  });
  expect(checks).toBe(2);
  expect(actions).not.toEqual([]);
  for (const { edit } of actions) {
    expect(edit?.documentChanges).toMatchObject([{ textDocument: { version: 2 } }]);
  }
  editor.end();
  editor.dispose();
  connection.dispose();
});
