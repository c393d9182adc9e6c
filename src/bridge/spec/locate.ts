import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from "yaml";

/** Zero-based line and column (in UTF-16 code units), end exclusive: as editors count. */
export interface TextRange {
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
}

const START: TextRange = { startLine: 0, startColumn: 0, endLine: 0, endColumn: 0 };

/**
 * Finds the field that a path such as `services.web.image.name` or `services.web.storage[0].source` names.
 *
 * @returns the range of the field's value, or of its key when the value is a block; that of the deepest parent that is there
 *   when the field is not; the start of the text when not even that
 */
export function locate(text: string, path: string): TextRange {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: "silent" });
  let node: unknown = document.contents;
  let found: TextRange = START;
  for (const step of steps(path)) {
    const next = child(node, step);
    if (next === undefined) {
      break;
    }
    found = rangeOf(next, lines) ?? found;
    node = next.value;
  }
  return found;
}

/** `a.b[0].c` → `["a", "b", "0", "c"]`; a name with dots or brackets stands in quotes: `a["x.y"]`. */
function steps(path: string): string[] {
  const found: string[] = [];
  for (const match of path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)) {
    found.push(match[1]?.replace(/\\(.)/g, "$1") ?? match[2] ?? match[3] ?? "");
  }
  return found;
}

interface Child {
  readonly key?: Node;
  readonly value: unknown;
}

function child(node: unknown, step: string): Child | undefined {
  if (isMap(node)) {
    const pair = node.items.find((item: Pair) => isScalar(item.key) && String(item.key.value) === step);
    return pair && { key: pair.key as Node, value: pair.value };
  }
  if (isSeq(node)) {
    const index = Number(step);
    return index < node.items.length ? { value: node.items[index] } : undefined;
  }
  return undefined;
}

function rangeOf({ key, value }: Child, lines: LineCounter): TextRange | undefined {
  const scalar = isScalar(value) && value.range ? value.range : undefined;
  const range = scalar !== undefined && scalar[0] < scalar[1] ? scalar : (key?.range ?? (value as Node | null)?.range);
  if (range == null) {
    return undefined;
  }
  const start = lines.linePos(range[0]);
  const end = lines.linePos(range[1]);
  return { startLine: start.line - 1, startColumn: start.col - 1, endLine: end.line - 1, endColumn: end.col - 1 };
}
