// The language server: `node server.js --stdio`. Each feature is a file of its own; this one joins them.
import { join } from "node:path";
import {
  createConnection,
  ProposedFeatures,
  type ServerCapabilities,
  TextDocumentSyncKind,
} from "vscode-languageserver/node";
import { codeActions } from "./code-actions";
import { codeLens } from "./code-lens";
import { completion } from "./completion";
import { diagnostics } from "./diagnostics";
import { documentSymbols } from "./document-symbols";
import type { Feature } from "./feature";
import { foldingRanges } from "./folding-ranges";
import { hover } from "./hover";
import { SpecDocuments } from "./spec-documents";
import { SpecValidator } from "./spec-validator";

const features: Feature[] = [diagnostics, codeActions, codeLens, completion, hover, documentSymbols, foldingRanges];

const connection = createConnection(ProposedFeatures.all);
const documents = new SpecDocuments();
const validator = new SpecValidator(join(__dirname, "spec.wasm"));

connection.onInitialize(() => {
  const capabilities: ServerCapabilities = { textDocumentSync: TextDocumentSyncKind.Incremental };
  for (const feature of features) {
    Object.assign(capabilities, feature.capabilities);
  }
  return { capabilities, serverInfo: { name: "zlayer-language-server" } };
});
for (const feature of features) {
  feature.register({ connection, documents, validator });
}
documents.listen(connection);
connection.listen();
