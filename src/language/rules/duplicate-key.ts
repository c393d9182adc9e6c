import { DiagnosticSeverity, DiagnosticTag } from "vscode-languageserver/node";
import { visit, type YAMLMap } from "yaml";
import type { SpecDocument, SpecNode } from "../spec-document";
import { removeField } from "../text-edits";
import type { Finding, Rule } from "./rule";

const RULE = { code: "duplicate-key", severity: DiagnosticSeverity.Warning };

/** Where names are the user's own, ZLayer silently takes the last of two; where they are its own, it refuses both. */
export const duplicateKey: Rule = {
  ...RULE,
  *check(document) {
    const services = document.child(document.root, "services");
    const maps: YAMLMap[] = [];
    if (document.yaml !== undefined) {
      visit(document.yaml, { Map: (_key, map) => void (map !== services && maps.push(map)) });
    }
    for (const map of maps) {
      yield* twice(document, map);
    }
  },
};

/** Two services of one name. */
export const duplicateService: Rule = {
  ...RULE,
  *check(document) {
    yield* twice(document, document.child(document.root, "services"));
  },
};

function* twice(document: SpecDocument, map: SpecNode | undefined): Generator<Finding> {
  const last = new Map<string, number>();
  const fields = document.fields(map);
  fields.forEach((field, at) => {
    last.set(field.name, at);
  });
  for (const [at, field] of fields.entries()) {
    const winner = last.get(field.name);
    if (winner === undefined || winner === at) {
      continue;
    }
    const range = document.range(field.key);
    const below = document.range(fields[winner]?.key).start.line - range.start.line;
    const where = below === 0 ? "on this line" : below === 1 ? "on the next line" : `${below} lines further down`;
    yield {
      range,
      message: `\`${field.name}\` is written again ${where}, and only that one counts. Remove one of the two.`,
      tags: [DiagnosticTag.Unnecessary],
      fixes: [{ title: "Remove this one, which has no effect", edits: removeField(document, field) }],
    };
  }
}
