import type { TextEdit } from "vscode-languageserver/node";
import { isMap, stringify } from "yaml";
import type { Field, SpecDocument, SpecNode } from "./spec-document";

export interface NewEntry {
  name: string;
  value: unknown;
}

/** Adds entries to the mapping that is the value of `owner`, in the style that it is written in. */
export function entryEdit(document: SpecDocument, owner: Field, entries: NewEntry[]): TextEdit[] {
  const value = owner.value;
  const own = Object.fromEntries(entries.map(({ name, value: content }) => [name, content]));
  if (isMap(value) && value.flow === true) {
    const [start, end] = value.range ?? [0, 0];
    const inner = flow(own);
    const close = document.position(document.text.charAt(end - 1) === "}" ? end - 1 : end);
    if (value.items.length === 0) {
      return [{ range: { start: document.position(start + 1), end: close }, newText: inner }];
    }
    return [{ range: { start: close, end: close }, newText: `, ${inner}` }];
  }
  const fields = document.fields(value);
  const last = fields.at(-1);
  const keyColumn = document.range(owner.key).start.character;
  const column = fields[0] === undefined ? keyColumn + 2 : document.range(fields[0].key).start.character;
  const at = last === undefined ? document.range(owner.key).end.line : document.fullRange(last).end.line;
  const end = { line: at, character: document.line(at).length };
  return [{ range: { start: end, end }, newText: `${newline(document)}${block(own, column, document)}` }];
}

/** A mapping in block style, each line indented by `column`, without a line end at the end. */
export function block(value: unknown, column: number, document: SpecDocument): string {
  const text = stringify(value, { lineWidth: 0 }).trimEnd();
  const indent = " ".repeat(column);
  return text
    .split("\n")
    .map((line) => indent + line)
    .join(newline(document));
}

function flow(value: Record<string, unknown>): string {
  return stringify(value, { collectionStyle: "flow", lineWidth: 0, flowCollectionPadding: false })
    .trim()
    .replace(/^\{\s*|\s*\}$/g, "");
}

/** Writes other fields in the place of one. */
export function replaceField(
  document: SpecDocument,
  field: Field,
  fields: Record<string, unknown>,
  isFlow: boolean,
): TextEdit[] {
  const range = document.fullRange(field);
  const column = range.start.character;
  const newText = isFlow ? flow(fields) : block(fields, column, document).slice(column);
  return [{ range, newText }];
}

/** Takes a field out, with its line or lines where it stands alone on them. */
export function removeField(document: SpecDocument, field: Field): TextEdit[] {
  const range = document.fullRange(field);
  return removeSpan(document, document.offset(range.start), document.offset(range.end));
}

/** Takes an item of a list out. */
export function removeItem(document: SpecDocument, item: SpecNode): TextEdit[] {
  const [start, end] = item.range ?? [0, 0];
  const line = document.position(start).line;
  const before = document.line(line).slice(0, document.position(start).character);
  const dash = /-\s*$/.exec(before);
  const from = dash === null ? start : document.offset({ line, character: dash.index });
  return removeSpan(document, from, end);
}

function removeSpan(document: SpecDocument, from: number, to: number): TextEdit[] {
  let end = to;
  while (end > from && /\s/.test(document.text.charAt(end - 1))) {
    end -= 1;
  }
  const start = document.position(from);
  const stop = document.position(end);
  const before = document.line(start.line).slice(0, start.character);
  const after = document.line(stop.line).slice(stop.character);
  if (before.trim() === "" && /^\s*(#.*)?$/.test(after)) {
    return [
      { range: { start: { line: start.line, character: 0 }, end: { line: stop.line + 1, character: 0 } }, newText: "" },
    ];
  }
  // Between brackets: with the comma after it, or else the one before.
  const comma = /^\s*,\s*/.exec(after);
  if (comma !== null) {
    return [{ range: { start, end: { line: stop.line, character: stop.character + comma[0].length } }, newText: "" }];
  }
  const previous = /\s*,\s*$/.exec(before);
  const first = previous === null ? start : { line: start.line, character: start.character - previous[0].length };
  return [{ range: { start: first, end: stop }, newText: "" }];
}

function newline(document: SpecDocument): string {
  return document.text.includes("\r\n") ? "\r\n" : "\n";
}
