import type { DiagnosticSeverity, DiagnosticTag, Range, TextEdit } from "vscode-languageserver/node";
import type { SpecDocument } from "../spec-document";

/** A change that mends a finding, and only that. */
export interface Fix {
  title: string;
  edits: TextEdit[];
}

export interface Finding {
  range: Range;
  /** Without numbers of lines: it is kept while lines are inserted above. */
  message: string;
  fixes?: Fix[];
  tags?: DiagnosticTag[];
}

/** What ZLayer accepts and a user should know. Never an error: errors are what the engine refuses. */
export interface Rule {
  /** Stable, in kebab case; its page is docs/rules/CODE.md. */
  code: string;
  severity: DiagnosticSeverity;
  check(document: SpecDocument): Iterable<Finding>;
}
