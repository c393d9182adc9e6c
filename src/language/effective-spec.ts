import { Document, isMap, isPair, isScalar, isSeq, type Pair, type YAMLMap } from "yaml";
import { EFFECTIVE_SPEC, type EffectiveSpec } from "./effective-spec-request";
import type { Feature } from "./feature";
import type { Step } from "./schema";
import type { SpecDocument, SpecNode } from "./spec-document";

/** What the engine makes of a spec, each default marked. */
export const effectiveSpec: Feature = {
  capabilities: {},
  register({ connection, documents, validator }) {
    connection.onRequest(EFFECTIVE_SPEC, async ({ uri }: { uri: string }): Promise<EffectiveSpec> => {
      const document = documents.get(uri);
      if (document === undefined) {
        return { error: "Open the spec first." };
      }
      const { valid, problems, spec } = await validator.check(document.text, { spec: true });
      if (!valid || spec === undefined) {
        const [first] = problems;
        const more = problems.length > 1 ? ` and ${problems.length - 1} more` : "";
        return { error: `Line ${first?.line ?? 1}: ${first?.message ?? "the spec is not valid."}${more}` };
      }
      return { text: explain(document, spec) };
    });
  },
};

function explain(document: SpecDocument, spec: unknown): string {
  const yaml = new Document(spec);
  yaml.commentBefore = " What ZLayer makes of this spec. What is marked (default) is not written in it.";
  order(document, yaml.contents as SpecNode | null, []);
  mark(document, yaml.contents as SpecNode | null, []);
  return yaml.toString({ lineWidth: 0 });
}

/** Brings fields into the order in which they are written; defaults follow. */
function order(document: SpecDocument, node: SpecNode | null | undefined, path: Step[]): void {
  if (isMap(node)) {
    const written = document.fields(document.at(document.root, ...path)).map(({ name }) => name);
    const at = (pair: Pair) => {
      const index = written.indexOf(nameOf(pair));
      return index < 0 ? written.length : index;
    };
    node.items = node.items.filter((pair) => isPair(pair)).sort((a, b) => at(a) - at(b)) as YAMLMap["items"];
    for (const pair of node.items) {
      order(document, pair.value as SpecNode | null, [...path, nameOf(pair)]);
    }
  } else if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) {
      order(document, item as SpecNode, [...path, index]);
    }
  }
}

function mark(document: SpecDocument, node: SpecNode | null | undefined, path: Step[]): void {
  if (isMap(node)) {
    for (const pair of node.items) {
      const below = [...path, nameOf(pair)];
      const value = pair.value as SpecNode | null;
      if (document.at(document.root, ...below) !== undefined) {
        mark(document, value, below);
      } else if (isScalar(value)) {
        value.comment = " (default)";
      } else if (isScalar(pair.key)) {
        pair.key.commentBefore = " (default)";
      }
    }
  } else if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) {
      mark(document, item as SpecNode, [...path, index]);
    }
  }
}

function nameOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : "";
}
