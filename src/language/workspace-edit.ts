import type { TextEdit, WorkspaceEdit } from "vscode-languageserver/node";
import type { ClientAbilities } from "./feature";
import type { SpecDocument } from "./spec-document";

/** Edits of one document, bound to the version that they were made for where the editor can tell versions apart. */
export function workspaceEdit(
  client: ClientAbilities,
  { uri, version }: SpecDocument,
  edits: TextEdit[],
): WorkspaceEdit {
  return client.hasVersionedEdits
    ? { documentChanges: [{ textDocument: { uri, version }, edits }] }
    : { changes: { [uri]: edits } };
}
