import { DocumentHighlightKind } from "vscode-languageserver/node";
import type { Feature } from "./feature";
import { nameAt, sameName } from "./names";

/** Every use of a service, role or volume. */
export const references: Feature = {
  capabilities: { referencesProvider: true, documentHighlightProvider: true },
  register({ connection, documents }) {
    connection.onReferences(({ textDocument, position, context }) => {
      const document = documents.get(textDocument.uri);
      const name = document === undefined ? undefined : nameAt(document, document.offset(position));
      return document === undefined || name === undefined
        ? []
        : sameName(document, name)
            .filter(({ isDefinition }) => context.includeDeclaration || !isDefinition)
            .map(({ range }) => ({ uri: document.uri, range }));
    });
    connection.onDocumentHighlight(({ textDocument, position }) => {
      const document = documents.get(textDocument.uri);
      const name = document === undefined ? undefined : nameAt(document, document.offset(position));
      return document === undefined || name === undefined
        ? []
        : sameName(document, name).map(({ range, isDefinition }) => ({
            range,
            kind: isDefinition ? DocumentHighlightKind.Write : DocumentHighlightKind.Read,
          }));
    });
  },
};
