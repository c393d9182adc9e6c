import type { CodeLens } from "vscode-languageserver/node";
import type { SpecDocument } from "../spec-document";

const LENSES = [
  ["Post", "zlayer.job.post"],
  ["Estimate", "zlayer.job.estimate"],
  ["Run here", "zlayer.job.runHere"],
] as const;

/** What can be done with a job file, above its first field. */
export function jobLenses(job: SpecDocument): CodeLens[] {
  const [first] = job.fields(job.root);
  return first === undefined
    ? []
    : LENSES.map(([title, command]) => ({
        range: job.range(first.key),
        command: { title, command, arguments: [{ uri: job.uri }] },
      }));
}
