import {
  type CompletionItem,
  CompletionItemKind,
  InsertTextFormat,
  InsertTextMode,
  MarkupKind,
  type Range,
} from "vscode-languageserver/node";
import { type CompletionContext, completionContext } from "./completion-context";
import type { Feature } from "./feature";
import { explanation } from "./hover";
import { jobCompletion } from "./job/job-completion";
import { liveItems } from "./live-values";
import { alternatives, fitting, kindOf, type Schema, schemaAt, values } from "./schema";
import type { SpecDocument } from "./spec-document";
import { suggestions } from "./value-suggestions";

/** Keys, values and whole entries, and only what is valid where they are offered. */
export const completion: Feature = {
  capabilities: { completionProvider: { triggerCharacters: [" ", ":", "-", "$", "@"] } },
  register(server) {
    const { connection, documents } = server;
    connection.onCompletion(async ({ textDocument, position }, token) => {
      const job = documents.job(textDocument.uri);
      if (job !== undefined) {
        return jobCompletion(job, position);
      }
      const document = documents.get(textDocument.uri);
      const context = document === undefined ? undefined : completionContext(document, document.offset(position));
      if (document === undefined || context === undefined) {
        return [];
      }
      const range: Range = { start: document.position(context.start), end: position };
      const items = context.kind === "key" ? keys(context, range) : valuesAt(document, context, range);
      const live = await liveItems(server, context, range, token);
      const labels = new Set(items.map(({ label }) => label));
      return [...items, ...live.filter(({ label }) => !labels.has(label))];
    });
  },
};

/** What is written most, first. The rest follows by name. */
const USUAL = [
  "services",
  "image",
  "name",
  "type",
  "mode",
  "scale",
  "replicas",
  "command",
  "args",
  "env",
  "endpoints",
  "protocol",
  "port",
  "port_mappings",
  "host_port",
  "container_port",
  "health",
  "check",
  "resources",
  "cpu",
  "memory",
  "depends",
  "service",
  "condition",
  "storage",
  "source",
  "target",
  "restart_policy",
];

/** The keys that may stand there. @param top the schema of another kind of file than a spec */
export function keys(context: CompletionContext, range: Range, top?: Schema): CompletionItem[] {
  const { spec, path, siblings } = context;
  const schema = schemaAt(spec, path, top);
  const items = new Map<string, CompletionItem>();
  for (const option of fitting(spec, schema, spec.at(spec.root, ...path))) {
    for (const [name, property] of Object.entries(option.properties ?? {})) {
      if (siblings.includes(name) || property.deprecated === true || items.has(name)) {
        continue;
      }
      const place = option.required?.indexOf(name) ?? -1;
      const required = place >= 0;
      const order = `${required ? 0 : 1}${String(required ? place : rank(name)).padStart(3, "0")}`;
      items.set(name, {
        label: name,
        kind: CompletionItemKind.Property,
        detail: `${kindOf(property)}${required ? ", required" : ""}`,
        documentation: { kind: MarkupKind.Markdown, value: explanation([...path, name], property) },
        sortText: `${order}${name}`,
        insertTextFormat: InsertTextFormat.Snippet,
        insertTextMode: InsertTextMode.adjustIndentation,
        textEdit: { range, newText: entry(name, property, context.isFlow) },
      });
    }
  }
  if (path.length === 1 && path[0] === "services") {
    items.set("", newService(range));
  }
  return [...items.values()];
}

function newService(range: Range): CompletionItem {
  return {
    label: "new service",
    kind: CompletionItemKind.Snippet,
    detail: "A service with an image and a fixed number of replicas",
    filterText: "service",
    insertTextFormat: InsertTextFormat.Snippet,
    insertTextMode: InsertTextMode.adjustIndentation,
    textEdit: {
      range,
      newText: "$1:\n  image:\n    name: $2\n  scale:\n    mode: fixed\n    replicas: $3",
    },
  };
}

/** A key with as much of its value as is certain: its required fields, its kinds to choose from, or where to go on. */
function entry(name: string, schema: Schema, isFlow: boolean): string {
  if (isFlow) {
    return `${name}: $0`;
  }
  let stops = 0;
  const stop = (choices: string[]): string => {
    stops += 1;
    return choices.length > 0 ? `\${${stops}|${choices.join(",")}|}` : `$${stops}`;
  };
  /** The value of a field as lines below it, each indented by `indent`; or what follows the colon. */
  const value = (property: Schema, indent: string): string => {
    const [first] = alternatives(property);
    const mappings = alternatives(property).filter((option) => option.properties !== undefined);
    const tag = tagOf(mappings);
    if (first?.items !== undefined) {
      const item = value(first.items, `${indent}  `).trimStart();
      return `\n${indent}- ${item}`;
    }
    if (tag !== undefined) {
      return `\n${indent}${tag}: ${stop(mappings.map((option) => String(option.properties?.[tag]?.const)))}`;
    }
    if (mappings[0] !== undefined && mappings[0] === first) {
      const lines = (mappings[0].required ?? []).map((field) => {
        const inner = mappings[0]?.properties?.[field] ?? {};
        return `\n${indent}${field}:${spaced(value(inner, `${indent}  `))}`;
      });
      return lines.length === 0 ? `\n${indent}` : lines.join("");
    }
    if (first?.additionalProperties !== undefined) {
      return `\n${indent}`;
    }
    return stop(values(property).map((choice) => choice.value));
  };
  return `${name}:${spaced(value(schema, "  "))}$0`;
}

function spaced(value: string): string {
  return value.startsWith("\n") ? value : ` ${value}`;
}

/** The field that tells kinds of mappings apart. */
function tagOf(mappings: Schema[]): string | undefined {
  const tags = Object.entries(mappings[0]?.properties ?? {}).filter(([, property]) => property.const !== undefined);
  return mappings.length > 1 ? tags[0]?.[0] : undefined;
}

function rank(name: string): number {
  const at = USUAL.indexOf(name);
  return at < 0 ? USUAL.length : at;
}

function valuesAt(document: SpecDocument, context: CompletionContext, range: Range): CompletionItem[] {
  const schema = schemaAt(context.spec, context.path);
  if (schema === undefined) {
    return [];
  }
  const fixed = listed(schema, range);
  const own = suggestions(document, context, schema).map(
    ({ value, detail }, at): CompletionItem => ({
      label: value,
      kind: CompletionItemKind.Value,
      ...(detail === undefined ? {} : { detail }),
      sortText: `1${String(at).padStart(3, "0")}`,
      textEdit: { range, newText: value },
    }),
  );
  return [...fixed, ...own];
}

/** The values that a schema lists. */
export function listed(schema: Schema, range: Range): CompletionItem[] {
  return values(schema).map(({ value, description }, at) => ({
    label: value,
    kind: CompletionItemKind.EnumMember,
    ...(schema.default === value || String(schema.default) === value ? { detail: "default" } : {}),
    ...(description === undefined ? {} : { documentation: { kind: MarkupKind.Markdown, value: description } }),
    sortText: `0${String(at).padStart(3, "0")}`,
    textEdit: { range, newText: value },
  }));
}
