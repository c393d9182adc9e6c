import { isMap, isSeq } from "yaml";
import type { Step } from "./schema";
import type { Field, SpecDocument, SpecNode } from "./spec-document";

export interface Found {
  node: SpecNode;
  /** To the value that the node is, or whose key it is. */
  path: Step[];
  isKey: boolean;
}

/** The innermost key or scalar at an offset. */
export function nodeAt(document: SpecDocument, offset: number): Found | undefined {
  const path: Step[] = [];
  let node: SpecNode | undefined = document.root;
  for (;;) {
    if (isMap(node)) {
      const field: Field | undefined = document
        .fields(node)
        .find(({ key, value }) => holds(key, offset) || holds(value, offset));
      if (field === undefined) {
        return undefined;
      }
      path.push(field.name);
      if (holds(field.key, offset)) {
        return { node: field.key, path, isKey: true };
      }
      node = field.value;
    } else if (isSeq(node)) {
      const items: SpecNode[] = node.items as SpecNode[];
      const index = items.findIndex((item) => holds(item, offset));
      if (index < 0) {
        return undefined;
      }
      path.push(index);
      node = items[index];
    } else {
      return node === undefined || node === null ? undefined : { node, path, isKey: false };
    }
  }
}

function holds(node: SpecNode | undefined | null, offset: number): boolean {
  const range = node?.range;
  if (range === undefined || range === null) {
    return false;
  }
  const end = isMap(node) || isSeq(node) ? range[2] : range[1];
  return offset >= range[0] && offset <= end;
}
