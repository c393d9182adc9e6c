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
import { definition } from "./definition";
import { diagnostics } from "./diagnostics";
import { documentLinks } from "./document-links";
import { documentSymbols } from "./document-symbols";
import { effectiveSpec } from "./effective-spec";
import type { ClientAbilities, Feature } from "./feature";
import { foldingRanges } from "./folding-ranges";
import { formatting } from "./formatting";
import { hover } from "./hover";
import { inlayHints } from "./inlay-hints";
import { references } from "./references";
import { rename } from "./rename";
import { selectionRanges } from "./selection-ranges";
import { semanticTokens } from "./semantic-tokens";
import { SpecDocuments } from "./spec-documents";
import { SpecValidator } from "./spec-validator";

const features: Feature[] = [
  diagnostics,
  codeActions,
  codeLens,
  completion,
  hover,
  documentSymbols,
  foldingRanges,
  definition,
  references,
  rename,
  documentLinks,
  formatting,
  semanticTokens,
  inlayHints,
  selectionRanges,
  effectiveSpec,
];

const connection = createConnection(ProposedFeatures.all);
const documents = new SpecDocuments();
const validator = new SpecValidator(join(__dirname, "spec.wasm"));
const client: ClientAbilities = { hasConfiguration: false, hasLiveValues: false, hasVersionedEdits: false };

connection.onInitialize((params) => {
  client.hasConfiguration = params.capabilities.workspace?.configuration === true;
  client.hasLiveValues = params.initializationOptions?.liveValues === true;
  client.hasVersionedEdits = params.capabilities.workspace?.workspaceEdit?.documentChanges === true;
  const capabilities: ServerCapabilities = { textDocumentSync: TextDocumentSyncKind.Incremental };
  for (const feature of features) {
    Object.assign(capabilities, feature.capabilities);
  }
  return { capabilities, serverInfo: { name: "zlayer-language-server" } };
});
for (const feature of features) {
  feature.register({ connection, documents, validator, client });
}
documents.listen(connection);
connection.listen();
