// Where the parts of a spec lie in its text, told by indentation alone.

/** A part of the text, from `start` up to, not including, `end`: offsets in UTF-16 units at beginnings of lines. */
export interface Span {
  start: number;
  end: number;
}

/** A spec whose `services:` stands alone on a line. Head, services and tail together are the whole text. */
export interface Outline {
  /** All before the line `services:`. */
  head: Span;
  /** That line, and what follows it before the first service (comments and blank lines). */
  key: Span;
  /** One for each service, in the order of the text. Comments between two belong to the one before. */
  services: Span[];
  /** From the next top-level field on. */
  tail: Span;
}

const SERVICES = /^services:[ \t]*(#.*)?$/;
/** What begins a line at a service's column and is neither a name nor the beginning of one. */
const NO_NAME = /^[-?:&*!|>%@`{}[\],<]/;

/** The fields of a spec. */
const FIELD = /^(version|deployment|services|externals|tunnels|api)[ \t]*(:|$)/;
/** A line at the left edge that is plain: no quotes, brackets, comments or blocks reach out of it. */
const PLAIN = /^[^"'[\]{}|>&*!#%@`-][^"'[\]{}|>&*!#]*$/;
const KEY = /^( +)[\w.-]+:(\s|$)/;
const KEY_OR_ITEM = /^( +)([\w.-]+:|-)(\s|$)/;

/** The line that begins there, without its end. */
function lineAt(text: string, start: number): string {
  const newline = text.indexOf("\n", start);
  return text.slice(start, newline < 0 ? text.length : newline).trimEnd();
}

/**
 * Whether a line at the left edge is a slip within a service, as while it is typed or indented: what follows it is indented as no
 * YAML below it could be. Without it the service goes on, and so do those after it.
 */
function isSlip(text: string, start: number, end: number): boolean {
  const line = lineAt(text, start);
  if (FIELD.test(line) || !PLAIN.test(line)) {
    return false;
  }
  let below = 0;
  for (let at = end; at < text.length; ) {
    const next = lineAt(text, at);
    const newline = text.indexOf("\n", at);
    at = newline < 0 ? text.length : newline + 1;
    if (/^\s*(#|$)/.test(next)) {
      continue;
    }
    const indent = KEY.exec(next)?.[1]?.length ?? 0;
    if (below === 0 && line.endsWith(":")) {
      below = KEY_OR_ITEM.exec(next)?.[1]?.length ?? 0;
      if (below === 0) {
        return false;
      }
    } else if (below === 0) {
      return indent > 0;
    } else if (!next.startsWith(" ")) {
      return false;
    } else if (indent > 0 && indent < below) {
      return true;
    }
  }
  return false;
}

/**
 * The parts of a spec, or undefined where indentation alone does not tell them: several documents, `services` twice, in brackets or
 * as a list, lines that end with CR alone, and the like.
 *
 * A line inside of quotes or brackets may look like the beginning of a part. The part before it is broken YAML then.
 */
export function outline(text: string): Outline | undefined {
  if (text.includes("\r") && /\r(?!\n)/.test(text)) {
    return undefined;
  }
  let key: Span | undefined;
  let tail: number | undefined;
  let column = -1;
  const starts: number[] = [];
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline + 1;
    let at = start;
    while (text.charCodeAt(at) === 0x20) {
      at += 1;
    }
    const first = text.charCodeAt(at);
    const isContent = at < end && first !== 0x0a && first !== 0x0d && first !== 0x23 && first !== 0x09;
    if (isContent && at === start) {
      if (/^(---|\.\.\.|%)/.test(text.slice(start, start + 3))) {
        return undefined;
      }
      if (first === 0x73 && SERVICES.test(text.slice(start, end).trimEnd())) {
        if (key !== undefined) {
          return undefined;
        }
        key = { start, end };
      } else if (key !== undefined && tail === undefined && (starts.length === 0 || !isSlip(text, start, end))) {
        tail = start;
      }
    } else if (isContent && key !== undefined && tail === undefined) {
      if (column < 0) {
        column = at - start;
        key.end = start;
      }
      if (at - start === column) {
        if (NO_NAME.test(text.slice(at, at + 1))) {
          return undefined;
        }
        starts.push(start);
      }
    }
    start = end;
  }
  if (key === undefined || starts.length === 0) {
    return undefined;
  }
  const last = tail ?? text.length;
  return {
    head: { start: 0, end: key.start },
    key,
    services: starts.map((start, at) => ({ start, end: starts[at + 1] ?? last })),
    tail: { start: last, end: text.length },
  };
}
