import type { Feature } from "./feature";
import { nameAt, sameName } from "./names";

/** From the use of a service, role or volume to where it is given. */
export const definition: Feature = {
  capabilities: { definitionProvider: true },
  register({ connection, documents }) {
    connection.onDefinition(({ textDocument, position }) => {
      const document = documents.get(textDocument.uri);
      const name = document === undefined ? undefined : nameAt(document, document.offset(position));
      return document === undefined || name === undefined
        ? []
        : sameName(document, name)
            .filter(({ isDefinition }) => isDefinition)
            .map(({ range }) => ({ uri: document.uri, range }));
    });
  },
};
