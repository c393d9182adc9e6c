import type { Range } from "vscode-languageserver/node";
import type { Fix } from "./rules/rule";
import type { SpecDocument } from "./spec-document";
import type { SpecProblem } from "./spec-validator";

/** Fixes for what the validator refuses, where one is mechanical. */
export function errorFixes(document: SpecDocument, problem: SpecProblem, at: Range): Fix[] {
  const text = document.text.slice(document.offset(at.start), document.offset(at.end));
  const replace = (title: string, newText: string): Fix => ({ title, edits: [{ range: at, newText }] });
  const suggestion = /Did you mean `([^`]+)`/.exec(problem.message)?.[1];
  if (suggestion !== undefined) {
    return [replace(`Change to \`${suggestion}\``, suggestion)];
  }
  const call = /call it `([^`]+)`/.exec(problem.message)?.[1];
  if (problem.code === "unknown-field" && call !== undefined) {
    return [replace(`Call it \`${call}\``, call)];
  }
  const instead = /write `([^`]+)`\.$/.exec(problem.message)?.[1];
  if (instead !== undefined && (problem.code === "invalid-memory-format" || problem.code === "invalid-cron-schedule")) {
    const quote = /^["']/.exec(text)?.[0] ?? (problem.code === "invalid-cron-schedule" ? '"' : "");
    return [replace(`Write \`${instead}\``, `${quote}${instead}${quote}`)];
  }
  if (problem.code === "invalid-version") {
    return [replace("Write `v1`", "v1")];
  }
  if (problem.code === "wrong-type" && /\.image$/.test(problem.path) && /^[^{[]/.test(text)) {
    return [replace("Write the image as a mapping", `{ name: ${text} }`)];
  }
  if (problem.code === "wrong-type" && /\.command$/.test(problem.path) && text.startsWith("[")) {
    return [replace("Write the list as `args`", `{ args: ${text} }`)];
  }
  return [];
}
