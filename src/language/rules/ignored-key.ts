import { DiagnosticSeverity, DiagnosticTag } from "vscode-languageserver/node";
import { isMap, isSeq } from "yaml";
import { closest } from "../closest";
import { fitting, type Schema, type Step, schemaAt } from "../schema";
import type { SpecDocument, SpecNode } from "../spec-document";
import { removeField } from "../text-edits";
import type { Finding, Rule } from "./rule";

/** Some of ZLayer's types take keys that they do not know and drop them. */
export const ignoredKey: Rule = {
  code: "ignored-key",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    // Every type that drops keys lies at one of these places; elsewhere an unknown key is an error.
    yield* at(document, ["api"]);
    for (const service of document.services) {
      const here: Step[] = ["services", service.name];
      for (const path of [["health", "check"], ["logs"], ["platform"], ["overlay"], ["scale"]]) {
        yield* at(document, [...here, ...path]);
      }
      for (const [list, inner] of [
        ["port_mappings", undefined],
        ["endpoints", "stream"],
      ] as const) {
        for (const index of document.items(document.child(service.map, list)).keys()) {
          yield* at(document, [...here, list, index, ...(inner === undefined ? [] : [inner, "health_check"])]);
        }
      }
    }
  },
};

function* at(document: SpecDocument, path: Step[]): Generator<Finding> {
  const node = document.at(document.root, ...path);
  const schema = node === undefined ? undefined : schemaAt(document, path);
  if (schema !== undefined) {
    yield* dropped(document, node, schema);
  }
}

function* dropped(document: SpecDocument, node: SpecNode | undefined, schema: Schema): Generator<Finding> {
  if (!isMap(node) || isSeq(node)) {
    return;
  }
  const options = fitting(document, schema, node);
  if (options.length === 0 || options.some((option) => option.additionalProperties !== undefined)) {
    return;
  }
  const known = [...new Set(options.flatMap((option) => Object.keys(option.properties ?? {})))];
  for (const field of document.fields(node)) {
    if (known.includes(field.name)) {
      continue;
    }
    const range = document.range(field.key);
    const close = closest(field.name, known);
    yield {
      range,
      message: `\`${field.name}\` is not a field here, and ZLayer drops it without a word. ${close === undefined ? `Known are ${known.join(", ")}.` : `Did you mean \`${close}\`?`}`,
      tags: close === undefined ? [DiagnosticTag.Unnecessary] : [],
      fixes: [
        ...(close === undefined ? [] : [{ title: `Change to \`${close}\``, edits: [{ range, newText: close }] }]),
        { title: `Remove \`${field.name}\``, edits: removeField(document, field) },
      ],
    };
  }
}
