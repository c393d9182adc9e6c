import { isMap, isPair, isScalar, type Pair, type Scalar, visit, type YAMLMap } from "yaml";
import type { Step } from "./schema";
import { SpecDocument } from "./spec-document";

/** Stands for what is being written; no user writes it. */
const CURSOR = "zlayer‸cursor";

export interface CompletionContext {
  /** A key of the mapping at `path`, or the value at `path`. */
  kind: "key" | "value";
  path: Step[];
  /** What stands before the cursor of the word being written. */
  word: string;
  /** Where the word begins, an offset into the text. */
  start: number;
  /** Between brackets. */
  isFlow: boolean;
  /** Of the key, where one is being written. */
  column: number;
  /** The text with the cursor's word replaced, for looking around. */
  spec: SpecDocument;
  /** The keys that the mapping has already. */
  siblings: string[];
}

/** Where in the spec the offset is, or undefined where nothing can be offered (a comment, a block of text). */
export function completionContext(document: SpecDocument, offset: number): CompletionContext | undefined {
  const { text } = document;
  const lineStart = text.lastIndexOf("\n", offset - 1) + 1;
  const before = text.slice(lineStart, offset);
  if (/(^|\s)#/.test(before.replace(/"[^"]*"|'[^']*'/g, ""))) {
    return undefined;
  }
  const word = /[^\s,[\]{}"']*$/.exec(before)?.[0] ?? "";
  const start = offset - word.length;
  const quote = /["']$/.exec(text.slice(lineStart, start))?.[0] ?? "";
  const from = start - quote.length;
  let end = offset + (/^[^\s,[\]{}"']*/.exec(text.slice(offset))?.[0] ?? "").length;
  if (quote !== "" && text.charAt(end) === quote) {
    end += 1;
  }
  const lead = text.slice(lineStart, from);
  // A key that is there already keeps its colon.
  const hasColon = /:$/.test(text.slice(offset, end)) || /^\s*:/.test(text.slice(end).split("\n")[0] ?? "");
  const isValue = /:\s+$/.test(lead) || /:\s+(&\S+|!\S*)\s+$/.test(lead);
  const { head, tail } = surroundings(document, from, end);
  for (const insert of isValue ? [CURSOR] : hasColon ? [CURSOR] : [`${CURSOR}: `, CURSOR]) {
    const colon = hasColon && !isValue && /:$/.test(text.slice(from, end)) ? ":" : "";
    const spec = new SpecDocument(document.uri, document.version, `${head}${insert}${colon}${tail}`);
    const found = find(spec);
    if (found !== undefined) {
      const isFlow = found.map?.flow === true || /[[{][^\]}]*$/.test(before);
      const siblings = spec
        .fields(found.map)
        .map(({ name }) => name)
        .filter((name) => name !== CURSOR);
      return { kind: found.kind, path: found.path, word, start, isFlow, column: from - lineStart, spec, siblings };
    }
  }
  return undefined;
}

/**
 * The text before and after the word. Where a service is being written it is that service alone, and elsewhere all but what stands
 * inside of the services: nothing else decides what can stand here.
 */
function surroundings(document: SpecDocument, from: number, end: number): { head: string; tail: string } {
  const { text, parts } = document;
  const [first] = parts ?? [];
  const last = parts?.at(-1);
  if (parts === undefined || first === undefined || last === undefined) {
    return { head: text.slice(0, from), tail: text.slice(end) };
  }
  const column = from - (text.lastIndexOf("\n", from - 1) + 1);
  const indent = (/^ +/.exec(first.text)?.[0] ?? "").length;
  const around = parts.find(({ offset, text: { length } }) => from >= offset && from <= offset + length);
  if (around !== undefined && column > indent && end <= around.offset + around.text.length) {
    return {
      head: `services:\n${text.slice(around.offset, from)}`,
      tail: text.slice(end, around.offset + around.text.length),
    };
  }
  // The names of the other services stay, as names that are taken.
  let head = from <= first.offset ? text.slice(0, from) : text.slice(0, first.offset);
  let tail = from <= first.offset ? text.slice(end, first.offset) : "";
  for (const part of parts) {
    const start = part.offset;
    const stop = start + part.text.length;
    const brief = part.text.replace(/^( *[^\n]*?:)[\s\S]*$/, "$1\n");
    if (stop <= from) {
      head += start <= from && stop === from && part === last ? part.text : brief;
    } else if (start >= end) {
      tail += brief;
    } else {
      head += text.slice(start, from);
      tail += text.slice(end, stop);
    }
  }
  const after = last.offset + last.text.length;
  return from > after
    ? { head: head + text.slice(after, from), tail: text.slice(end) }
    : { head, tail: tail + text.slice(Math.max(after, end)) };
}

function find(spec: SpecDocument): { kind: "key" | "value"; path: Step[]; map: YAMLMap | undefined } | undefined {
  let found: { kind: "key" | "value"; path: Step[]; map: YAMLMap | undefined } | undefined;
  if (spec.yaml === undefined) {
    return undefined;
  }
  visit(spec.yaml, {
    Scalar(key, scalar, ancestors) {
      if (scalar.value !== CURSOR) {
        return undefined;
      }
      const map = ancestors.findLast((ancestor) => isMap(ancestor));
      const path = pathOf(ancestors, scalar);
      found = key === "key" ? { kind: "key", path: path.slice(0, -1), map } : { kind: "value", path, map: undefined };
      return visit.BREAK;
    },
  });
  return found;
}

function pathOf(ancestors: readonly unknown[], scalar: Scalar): Step[] {
  const path: Step[] = [];
  const chain = [...ancestors, scalar];
  for (const [at, ancestor] of chain.entries()) {
    const next = chain[at + 1];
    if (isPair(ancestor)) {
      const { key } = ancestor as Pair;
      path.push(isScalar(key) ? String(key.source ?? key.value) : "?");
    } else if (typeof ancestor === "object" && ancestor !== null && "items" in ancestor && !isMap(ancestor)) {
      path.push((ancestor.items as unknown[]).indexOf(next));
    }
  }
  return path;
}
