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
  const { head, tail } = surroundings(text, from, end);
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

/** Above this many characters only the entry around the cursor is read again. */
const LARGE = 20_000;

/**
 * The text before and after the word. Of a long text it is the top-level key and the entry (the service) around the cursor, which
 * is all that decides what can stand here.
 */
function surroundings(text: string, from: number, end: number): { head: string; tail: string } {
  const whole = { head: text.slice(0, from), tail: text.slice(end) };
  if (text.length < LARGE) {
    return whole;
  }
  const top = [...whole.head.matchAll(/^[^\s#-].*\n/gm)].at(-1);
  if (top === undefined) {
    return whole;
  }
  const below = whole.head.slice(top.index + top[0].length);
  const indent = /^( +)[^\s#]/m.exec(below)?.[1];
  if (indent === undefined) {
    return whole;
  }
  const entry = [...below.matchAll(new RegExp(`^${indent}[^\\s#-]`, "gm"))].at(-1);
  if (entry === undefined || from - whole.head.lastIndexOf("\n") - 1 <= indent.length) {
    return whole;
  }
  const next = new RegExp(`\\n {0,${indent.length}}[^\\s#]`).exec(whole.tail);
  return {
    head: top[0] + below.slice(entry.index),
    tail: next === null ? whole.tail : whole.tail.slice(0, next.index + 1),
  };
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
