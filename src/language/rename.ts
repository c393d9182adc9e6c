import { ErrorCodes, ResponseError } from "vscode-languageserver/node";
import type { Feature } from "./feature";
import { type Name, nameAt, sameName } from "./names";
import { workspaceEdit } from "./workspace-edit";

const FORMS: Record<Name["kind"], { form: RegExp; words: string }> = {
  service: {
    form: /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    words: "1 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends",
  },
  role: {
    form: /^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$/,
    words: "1 to 30 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen",
  },
  volume: {
    form: /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    words: "1 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends",
  },
};

/** Renames a service, role or volume wherever it is used. */
export const rename: Feature = {
  capabilities: { renameProvider: { prepareProvider: true } },
  register({ connection, documents, client }) {
    connection.onPrepareRename(({ textDocument, position }) => {
      const document = documents.get(textDocument.uri);
      const name = document === undefined ? undefined : nameAt(document, document.offset(position));
      return name === undefined ? null : { range: name.range, placeholder: name.name };
    });
    connection.onRenameRequest(({ textDocument, position, newName }) => {
      const document = documents.get(textDocument.uri);
      const name = document === undefined ? undefined : nameAt(document, document.offset(position));
      if (document === undefined || name === undefined) {
        return null;
      }
      const { form, words } = FORMS[name.kind];
      if (!form.test(newName)) {
        return new ResponseError(ErrorCodes.InvalidParams, `"${newName}" cannot name a ${name.kind}: use ${words}.`);
      }
      const taken = name.kind === "service" && document.service(newName) !== undefined && newName !== name.name;
      if (taken) {
        return new ResponseError(ErrorCodes.InvalidParams, `There is a service "${newName}" already.`);
      }
      const edits = sameName(document, name).map(({ range }) => ({ range, newText: newName }));
      return workspaceEdit(client, document, edits);
    });
  },
};
