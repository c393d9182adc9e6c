import type { SelectionRange } from "vscode-languageserver/node";
import { isMap, isSeq } from "yaml";
import type { Feature } from "./feature";
import type { SpecDocument, SpecNode } from "./spec-document";

/** Grows a selection from a word to its field, its item, its mapping and so on up. */
export const selectionRanges: Feature = {
  capabilities: { selectionRangeProvider: true },
  register({ connection, documents }) {
    connection.onSelectionRanges(({ textDocument, positions }) => {
      const document = documents.get(textDocument.uri);
      return document === undefined ? [] : positions.map((position) => selection(document, document.offset(position)));
    });
  },
};

function selection(document: SpecDocument, offset: number): SelectionRange {
  let around: SelectionRange = {
    range: { start: { line: 0, character: 0 }, end: document.position(document.text.length) },
  };
  const into = (start: number, end: number): boolean => {
    if (offset < start || offset > end) {
      return false;
    }
    around = { range: { start: document.position(start), end: document.position(end) }, parent: around };
    return true;
  };
  let node: SpecNode | undefined = document.root;
  while (node !== undefined && node !== null) {
    const here: SpecNode = node;
    node = undefined;
    if (isMap(here)) {
      for (const field of document.fields(here)) {
        const full = document.fullRange(field);
        if (into(document.offset(full.start), document.offset(full.end))) {
          const [start, end]: readonly number[] = field.key.range ?? [0, 0];
          node = into(start ?? 0, end ?? 0) ? undefined : field.value;
          break;
        }
      }
    } else if (isSeq(here)) {
      node = (here.items as SpecNode[]).find((item) => {
        const { start, end } = document.range(item);
        return into(document.offset(start), document.offset(end));
      });
    } else {
      into(here.range?.[0] ?? 0, here.range?.[1] ?? -1);
    }
  }
  return around;
}
