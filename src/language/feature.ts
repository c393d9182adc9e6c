import type { Connection, ServerCapabilities } from "vscode-languageserver/node";
import type { SpecDocuments } from "./spec-documents";
import type { SpecValidator } from "./spec-validator";

/** What a feature works with. */
export interface ServerContext {
  connection: Connection;
  documents: SpecDocuments;
  validator: SpecValidator;
  client: ClientAbilities;
}

/** What the editor can do, known once it has introduced itself. */
export interface ClientAbilities {
  hasConfiguration: boolean;
  /** It answers the request `zlayer/liveValues`. */
  hasLiveValues: boolean;
  /** It takes edits that name the version of the document that they are for. */
  hasVersionedEdits: boolean;
}

/** One ability of the server: what it announces and how it answers. */
export interface Feature {
  capabilities: ServerCapabilities;
  register(context: ServerContext): void;
}
