import {
  Diagnostic,
  type DiagnosticCollection,
  DiagnosticSeverity,
  type Disposable,
  languages,
  Range,
  type TextDocument,
  type Uri,
  workspace,
} from "vscode";
import { ApiError } from "../bridge/sidecar/api-error";
import type { DeployFailed } from "../bridge/sidecar/deploy";

/** Errors of the last deploy of each spec, at the field that they concern. They go at the next deploy, or when the text changes. */
export class DeployDiagnostics implements Disposable {
  readonly #collection: DiagnosticCollection = languages.createDiagnosticCollection("zlayer-deploy");
  readonly #listener = workspace.onDidChangeTextDocument((event) => {
    if (event.contentChanges.length > 0) {
      this.clear(event.document.uri);
    }
  });

  clear(uri: Uri): void {
    this.#collection.delete(uri);
  }

  /** Shows what an error says about the spec. @returns the first place in it that the error names */
  async show(document: TextDocument, error: ApiError | DeployFailed): Promise<Range | undefined> {
    const diagnostics = error instanceof ApiError ? refusals(document, error) : await failure(document, error);
    this.#collection.set(document.uri, diagnostics);
    return diagnostics[0]?.range;
  }

  dispose(): void {
    this.#listener.dispose();
    this.#collection.dispose();
  }
}

function refusals(document: TextDocument, error: ApiError): Diagnostic[] {
  return error.problems.map((problem) => {
    const range = new Range(
      problem.line - 1,
      codeUnits(document, problem.line - 1, problem.column - 1),
      problem.endLine - 1,
      codeUnits(document, problem.endLine - 1, problem.endColumn - 1),
    );
    const severity = problem.severity === "warning" ? DiagnosticSeverity.Warning : DiagnosticSeverity.Error;
    return diagnostic(document.validateRange(range), problem.message, problem.code, severity);
  });
}

async function failure(document: TextDocument, error: DeployFailed): Promise<Diagnostic[]> {
  const path = error.reason.path ?? (error.service === undefined ? undefined : `services.${error.service}`);
  if (path === undefined) {
    return [];
  }
  const { locate } = await import("../bridge/spec/locate");
  const { startLine, startColumn, endLine, endColumn } = locate(document.getText(), path);
  return [diagnostic(new Range(startLine, startColumn, endLine, endColumn), error.reason.message, error.reason.code)];
}

function diagnostic(range: Range, message: string, code: string, severity = DiagnosticSeverity.Error): Diagnostic {
  const made = new Diagnostic(range, message, severity);
  made.source = "zlayer deploy";
  made.code = code;
  return made;
}

/** The engine counts characters; editors count UTF-16 code units. */
function codeUnits(document: TextDocument, line: number, characters: number): number {
  const text = line < document.lineCount ? document.lineAt(line).text : "";
  return [...text].slice(0, characters).join("").length;
}
