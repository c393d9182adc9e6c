import { DiagnosticSeverity, DiagnosticTag } from "vscode-languageserver/node";
import { isMap, visit } from "yaml";
import { removeField } from "../text-edits";
import type { Rule } from "./rule";

/** Where names are the user's own, ZLayer silently takes the last of two; where they are its own, it refuses both. */
export const duplicateKey: Rule = {
  code: "duplicate-key",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    const maps: unknown[] = [];
    if (document.yaml !== undefined) {
      visit(document.yaml, { Map: (_key, map) => void maps.push(map) });
    }
    for (const map of maps.filter(isMap)) {
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
        const line = document.range(fields[winner]?.key).start.line + 1;
        yield {
          range: document.range(field.key),
          message: `\`${field.name}\` is written again on line ${line}, and only that one counts. Remove one of the two.`,
          tags: [DiagnosticTag.Unnecessary],
          fixes: [{ title: "Remove this one, which has no effect", edits: removeField(document, field) }],
        };
      }
    }
  },
};
