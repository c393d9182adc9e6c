import { type FoldingRange, FoldingRangeKind } from "vscode-languageserver/node";
import { isMap, isSeq } from "yaml";
import type { Feature } from "./feature";
import type { SpecDocument, SpecNode } from "./spec-document";

/** Folds every field and list item that spans lines, and runs of comment lines. */
export const foldingRanges: Feature = {
  capabilities: { foldingRangeProvider: true },
  register({ connection, documents }) {
    connection.onFoldingRanges(({ textDocument }) => {
      const document = documents.get(textDocument.uri);
      if (document === undefined) {
        return [];
      }
      const folds: FoldingRange[] = [];
      nodes(document, document.root, folds);
      comments(document, folds);
      return folds;
    });
  },
};

function nodes(document: SpecDocument, node: SpecNode | undefined, folds: FoldingRange[]): void {
  if (isMap(node)) {
    for (const field of document.fields(node)) {
      const range = document.fullRange(field);
      add(folds, range.start.line, range.end.line);
      nodes(document, field.value, folds);
    }
  } else if (isSeq(node)) {
    for (const item of node.items as SpecNode[]) {
      if (isMap(item) || isSeq(item)) {
        const last = isMap(item) ? document.fields(item).at(-1) : undefined;
        const range = document.range(item);
        add(folds, range.start.line, last === undefined ? range.end.line : document.fullRange(last).end.line);
        nodes(document, item, folds);
      }
    }
  }
}

function comments(document: SpecDocument, folds: FoldingRange[]): void {
  let start: number | undefined;
  for (let line = 0; line <= document.lineCount; line++) {
    const isComment = line < document.lineCount && /^\s*#/.test(document.line(line));
    if (isComment) {
      start ??= line;
    } else if (start !== undefined) {
      if (line - 1 > start) {
        folds.push({ startLine: start, endLine: line - 1, kind: FoldingRangeKind.Comment });
      }
      start = undefined;
    }
  }
}

function add(folds: FoldingRange[], startLine: number, endLine: number): void {
  if (endLine > startLine) {
    folds.push({ startLine, endLine });
  }
}
