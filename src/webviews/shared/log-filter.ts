/** What the filter field says. */
export type LogFilter =
  /** Everything matches. */
  | { readonly kind: "all" }
  | { readonly kind: "pattern"; readonly pattern: RegExp }
  /** Not a regular expression; `message` says why. */
  | { readonly kind: "invalid"; readonly message: string };

/** Longest part of a line that is searched: keeps a slow expression from freezing the pane. */
const SEARCHED_CHARS = 2_000;

/**
 * Reads the filter field: `/…/` or `/…/i` is a regular expression, everything else is a text, found whatever its case.
 */
export function parseFilter(text: string): LogFilter {
  if (text === "") {
    return { kind: "all" };
  }
  const regex = /^\/(.+)\/([imsu]*)$/s.exec(text);
  if (regex === null) {
    return { kind: "pattern", pattern: new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "giu") };
  }
  try {
    return { kind: "pattern", pattern: new RegExp(regex[1] ?? "", `g${regex[2] ?? ""}`) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: "invalid", message: `Invalid regular expression: ${reason.replace(/^.*\/[a-z]*: /s, "")}` };
  }
}

/** Whether a line is shown. An invalid filter shows everything. */
export function matchesFilter(filter: LogFilter, plain: string): boolean {
  if (filter.kind !== "pattern") {
    return true;
  }
  filter.pattern.lastIndex = 0;
  return filter.pattern.test(plain.length > SEARCHED_CHARS ? plain.slice(0, SEARCHED_CHARS) : plain);
}

/** Where a line matches: start and end of each place, in order; at most `max`. */
export function matchRanges(filter: LogFilter, plain: string, max: number): [start: number, end: number][] {
  const ranges: [number, number][] = [];
  if (filter.kind === "pattern") {
    for (const match of plain.slice(0, SEARCHED_CHARS).matchAll(filter.pattern)) {
      if (match[0] !== "") {
        ranges.push([match.index, match.index + match[0].length]);
      }
      if (ranges.length >= max) {
        break;
      }
    }
  }
  return ranges;
}
