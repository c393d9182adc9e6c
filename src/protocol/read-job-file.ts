import * as v from "valibot";
import { type Document, isMap, isPair, isScalar, isSeq, type Node, parseDocument } from "yaml";
import { type JobFile, jobFile } from "./job-file";

/** What is wrong with a job file, for the user. */
export interface JobProblem {
  readonly code: "syntax" | "unknown-field" | "missing-field" | "bad-value";
  /** `payment.max_rate`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
  /** Where, as offsets into the text. */
  readonly start: number;
  readonly end: number;
}

export type ReadJob =
  | { readonly kind: "valid"; readonly job: JobFile; readonly problems: readonly [] }
  | { readonly kind: "invalid"; readonly problems: readonly JobProblem[] };

/** More than any job file has. A larger text is not read. */
const LONGEST = 100_000;
/** Aliases are of no use in a job file; a few are let through, a bomb is not. */
const MOST_ALIASES = 20;

/** Reads a job file. All that is wrong is told at once; the text may be anything. */
export function readJobFile(text: string): ReadJob {
  if (text.length > LONGEST) {
    return invalid([
      { code: "syntax", path: "", message: "A job file has at most 100,000 characters.", start: 0, end: 1 },
    ]);
  }
  const document = parseDocument(text, { logLevel: "silent", uniqueKeys: true });
  const broken = document.errors.map(
    ({ message, pos }): JobProblem => ({
      code: "syntax",
      path: "",
      message: `This is not valid YAML: ${message.split("\n")[0]?.replace(/ at line \d+, column \d+:$/, "") ?? ""}`,
      start: pos[0],
      end: Math.max(pos[1], pos[0] + 1),
    }),
  );
  if (broken.length > 0) {
    return invalid(broken);
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (cause) {
    const message = `This cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
    return invalid([{ code: "syntax", path: "", message, start: 0, end: text.length }]);
  }
  keepDigits(document, value);
  const result = v.safeParse(jobFile, value, { abortPipeEarly: true });
  return result.success
    ? { kind: "valid", job: result.output, problems: [] }
    : invalid(result.issues.map((issue) => problemOf(document, issue, text)));
}

function invalid(problems: readonly JobProblem[]): ReadJob {
  return { kind: "invalid", problems };
}

/** A price is read as it is written: as a number it would lose digits. */
function keepDigits(document: Document, value: unknown): void {
  const written = document.getIn(["payment", "max_rate"], true);
  const payment = typeof value === "object" && value !== null && "payment" in value ? value.payment : undefined;
  if (typeof payment === "object" && payment !== null && isScalar(written) && typeof written.value === "number") {
    Object.assign(payment, { max_rate: written.source ?? String(written.value) });
  }
}

function problemOf(document: Document, issue: v.BaseIssue<unknown>, text: string): JobProblem {
  const keys = (issue.path ?? []).map(({ key }) => key as string | number);
  const last = keys.at(-1);
  const path = keys.map((key, at) => (typeof key === "number" ? `[${key}]` : at === 0 ? key : `.${key}`)).join("");
  const isKey = issue.type === "strict_object" && issue.path?.at(-1)?.origin === "key";
  if (isKey && issue.expected === "never") {
    return {
      code: "unknown-field",
      path,
      message: `There is no field “${last}” here.`,
      ...place(document, keys, "key", text),
    };
  }
  if (isKey) {
    const inside = keys.slice(0, -1);
    return {
      code: "missing-field",
      path,
      message: `“${path}” is missing.`,
      ...place(document, inside, "key", text),
    };
  }
  if (issue.input === null || (issue.input === undefined && issue.type === "strict_object")) {
    const message = keys.length === 0 ? "A job file needs “version”, “spec” and “payment”." : `“${path}” has no value.`;
    return { code: "missing-field", path, message, ...place(document, keys, "key", text) };
  }
  const message = issue.type === "strict_object" ? "Here fields are expected." : issue.message;
  return { code: "bad-value", path, message, ...place(document, keys, "value", text) };
}

/** Where the value at a path is, or its key; the nearest thing around it where it is not there. */
function place(
  document: Document,
  path: readonly (string | number)[],
  part: "key" | "value",
  text: string,
): { start: number; end: number } {
  let node = document.contents as Node | null;
  let key: Node | null = null;
  for (const step of path) {
    if (isMap(node) && typeof step === "string") {
      const pair = node.items.findLast((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === step);
      if (pair === undefined) {
        break;
      }
      key = pair.key as Node;
      node = pair.value as Node | null;
    } else if (isSeq(node) && typeof step === "number") {
      key = null;
      node = (node.items[step] as Node | undefined) ?? null;
    } else {
      break;
    }
  }
  const range = (part === "key" ? key : (node ?? key))?.range ?? (path.length === 0 ? undefined : node?.range);
  const [start, end] = range ?? [0, Math.max(1, text.indexOf("\n"))];
  const shown = text.slice(start, end).trimEnd().length;
  return { start, end: start + Math.max(shown, 1) };
}
