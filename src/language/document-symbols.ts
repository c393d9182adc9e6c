import { type DocumentSymbol, SymbolKind } from "vscode-languageserver/node";
import { isMap, isSeq } from "yaml";
import type { Feature } from "./feature";
import type { Field, SpecDocument, SpecNode } from "./spec-document";

/** The outline: every field, services as classes, lists by the name of their items. */
export const documentSymbols: Feature = {
  capabilities: { documentSymbolProvider: true },
  register({ connection, documents }) {
    connection.onDocumentSymbol(({ textDocument }) => {
      const document = documents.get(textDocument.uri);
      return document === undefined ? [] : symbols(document, document.root, []);
    });
  },
};

/** Names of an item of a list, the first that is there. */
const ITEM_NAMES = ["name", "id", "service", "role", "target", "path", "container_port"];

function symbols(document: SpecDocument, node: SpecNode | undefined, path: string[]): DocumentSymbol[] {
  if (path.length > 12) {
    return [];
  }
  if (isMap(node)) {
    return document.fields(node).map((field) => symbol(document, field, [...path, field.name]));
  }
  if (isSeq(node)) {
    return node.items.filter(isMap).map((item, index) => {
      const name = ITEM_NAMES.map((key) => document.string(item, key)).find(
        (text) => text !== undefined && text !== "",
      );
      const range = document.range(item);
      return {
        name: name ?? `[${index}]`,
        kind: SymbolKind.Object,
        range,
        selectionRange: { start: range.start, end: range.start },
        children: symbols(document, item, [...path, "[]"]),
      };
    });
  }
  return [];
}

function symbol(document: SpecDocument, field: Field, path: string[]): DocumentSymbol {
  const detail = document.scalar(field.value);
  return {
    name: field.name === "" ? "(empty)" : field.name,
    ...(detail === undefined ? {} : { detail: detail.split("\n")[0] ?? "" }),
    kind: kind(path, field.value),
    range: document.fullRange(field),
    selectionRange: document.range(field.key),
    children: symbols(document, field.value, path),
  };
}

function kind(path: string[], value: SpecNode | undefined): SymbolKind {
  if (path.length === 2 && path[0] === "services") {
    return SymbolKind.Class;
  }
  if (path.length === 2 && (path[0] === "externals" || path[0] === "tunnels")) {
    return SymbolKind.Interface;
  }
  if (isMap(value)) {
    return SymbolKind.Module;
  }
  return isSeq(value) ? SymbolKind.Array : SymbolKind.Property;
}
