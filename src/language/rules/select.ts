import type { Field, SpecDocument, SpecNode } from "../spec-document";

/** A value that a pattern leads to, with the field that holds it and the mapping around that. */
export interface Selected {
  node: SpecNode;
  /** The nearest key on the way. */
  field: Field;
  /** The mapping that holds `field`. */
  owner: SpecNode | undefined;
  text: string | undefined;
}

/** The values at a path; `*` is every name of a mapping and `[]` every item of a list. */
export function select(document: SpecDocument, pattern: string): Selected[] {
  const root: Selected[] = [];
  const steps = pattern.split(".");
  walk(document, document.root, steps, undefined, undefined, root);
  return root;
}

function walk(
  document: SpecDocument,
  node: SpecNode | undefined,
  steps: string[],
  field: Field | undefined,
  owner: SpecNode | undefined,
  found: Selected[],
): void {
  const [step, ...rest] = steps;
  if (step === undefined) {
    if (field !== undefined && node !== undefined) {
      found.push({ node, field, owner, text: document.scalar(node) });
    }
    return;
  }
  if (step === "[]") {
    for (const item of document.items(node)) {
      walk(document, item, rest, field, owner, found);
    }
    return;
  }
  const around = document.resolve(node);
  for (const child of document.fields(node)) {
    if (step === "*" || step === child.name) {
      walk(document, child.value, rest, child, around, found);
    }
  }
}
