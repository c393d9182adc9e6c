import { type CompletionItem, CompletionItemKind, type Position, type Range } from "vscode-languageserver/node";
import { keys, listed } from "../completion";
import { completionContext } from "../completion-context";
import { schemaAt } from "../schema";
import type { SpecDocument } from "../spec-document";
import { jobSchema } from "./job-schema";
import { specsBeside } from "./specs-beside";

/** Usual values of what no list is closed for, by path. */
const USUAL: Readonly<Record<string, readonly string[]>> = {
  "payment.longest": ["1h", "6h", "1d", "7d", "30d"],
  "bidding.open_for": ["5m", "15m", "1h", "1d"],
  availability: ["95", "99", "99.5", "99.9"],
};

/** Keys and values of a job file, and the specs beside it. */
export async function jobCompletion(job: SpecDocument, position: Position): Promise<CompletionItem[]> {
  const context = completionContext(job, job.offset(position));
  if (context === undefined) {
    return [];
  }
  const range: Range = { start: job.position(context.start), end: position };
  const path = context.path.join(".");
  const schema = schemaAt(context.spec, context.path, jobSchema);
  // An item of a list may be a key as well as a value; no list of a job file holds mappings.
  if (context.kind === "key" && schema?.properties !== undefined) {
    return keys(context, range, jobSchema);
  }
  const usual = path === "spec" ? await specsBeside(job.uri) : (USUAL[path] ?? []);
  return [
    ...(schema === undefined ? [] : listed(schema, range)),
    ...usual.map(
      (value, at): CompletionItem => ({
        label: value,
        kind: path === "spec" ? CompletionItemKind.File : CompletionItemKind.Value,
        sortText: `1${String(at).padStart(3, "0")}`,
        textEdit: { range, newText: value },
      }),
    ),
  ];
}
