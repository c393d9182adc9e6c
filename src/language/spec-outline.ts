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
      } else if (key !== undefined) {
        tail ??= start;
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
