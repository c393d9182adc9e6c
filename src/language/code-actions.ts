import {
  type CodeAction,
  CodeActionKind,
  type Diagnostic,
  type Range,
  type TextEdit,
} from "vscode-languageserver/node";
import { errorFixes } from "./error-fixes";
import type { ClientAbilities, Feature, ServerContext } from "./feature";
import { found } from "./rules";
import type { Fix } from "./rules/rule";
import type { SpecDocument } from "./spec-document";
import { problemRange } from "./spec-validator";
import { workspaceEdit } from "./workspace-edit";

/** Quick fixes of the errors and findings at a place, and all of them at once. */
export const codeActions: Feature = {
  capabilities: { codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix, CodeActionKind.SourceFixAll] } },
  register(context) {
    context.connection.onCodeAction(async ({ textDocument, range, context: asked }) => {
      const mended = await mendable(context, textDocument.uri);
      if (mended === undefined) {
        return [];
      }
      const { document, all } = mended;
      const wanted = (kind: string) =>
        asked.only === undefined || asked.only.some((only) => kind === only || kind.startsWith(`${only}.`));
      const actions: CodeAction[] = [];
      if (wanted(CodeActionKind.QuickFix)) {
        for (const { code, at, fixes } of all.filter(({ at }) => touches(at, range))) {
          const diagnostics = asked.diagnostics.filter(
            (diagnostic) => diagnostic.code === code && touches(diagnostic.range, at),
          );
          actions.push(...fixes.map((fix, index) => action(context.client, document, fix, diagnostics, index === 0)));
        }
      }
      if (wanted(CodeActionKind.SourceFixAll)) {
        const edits = together(document, all);
        if (edits.length > 0) {
          const title = "Fix all in this spec";
          const edit = workspaceEdit(context.client, document, edits);
          actions.push({ title, kind: CodeActionKind.SourceFixAll, edit });
        }
      }
      return actions;
    });
  },
};

interface Mendable {
  code: string;
  at: Range;
  fixes: Fix[];
}

/** What can be mended in a document, in the version that is returned; undefined when it is not open. */
async function mendable(
  { documents, validator }: ServerContext,
  uri: string,
): Promise<{ document: SpecDocument; all: Mendable[] } | undefined> {
  for (;;) {
    await validator.ready().catch(() => {});
    const document = documents.get(uri);
    if (document === undefined) {
      return undefined;
    }
    const { problems } = await validator.checkEdited(uri, document.text).catch(() => ({ problems: [] }));
    // An edit may have come while a validator that had broken down was loaded anew; the document is then no more what was checked.
    if (documents.text(uri)?.version !== document.version) {
      continue;
    }
    const errors = problems.map((problem) => {
      const at = problemRange(problem, (line) => document.line(line));
      return { code: problem.code, at, fixes: errorFixes(document, problem, at) };
    });
    const own = found(document).map(({ rule, finding }) => ({
      code: rule.code,
      at: finding.range,
      fixes: finding.fixes ?? [],
    }));
    return { document, all: [...errors, ...own].filter(({ fixes }) => fixes.length > 0) };
  }
}

function action(
  client: ClientAbilities,
  document: SpecDocument,
  fix: Fix,
  diagnostics: Diagnostic[],
  isPreferred: boolean,
): CodeAction {
  return {
    title: fix.title,
    kind: CodeActionKind.QuickFix,
    isPreferred,
    ...(diagnostics.length === 0 ? {} : { diagnostics }),
    edit: workspaceEdit(client, document, fix.edits),
  };
}

/** The first fix of each, leaving out those that would change what an earlier one changes. */
function together(document: SpecDocument, all: Mendable[]): TextEdit[] {
  const edits: TextEdit[] = [];
  const spans: [number, number][] = [];
  for (const { fixes } of all) {
    const own = fixes[0]?.edits ?? [];
    const ownSpans = own.map(({ range }): [number, number] => [
      document.offset(range.start),
      document.offset(range.end),
    ]);
    // One may begin where another ends; of two that begin at the same place it would not be clear which comes first.
    if (ownSpans.every(([start, end]) => spans.every(([from, to]) => start !== from && (end <= from || start >= to)))) {
      edits.push(...own);
      spans.push(...ownSpans);
    }
  }
  return edits;
}

function touches(a: Range, b: Range): boolean {
  const before = (x: Range["start"], y: Range["start"]) =>
    x.line < y.line || (x.line === y.line && x.character <= y.character);
  return before(a.start, b.end) && before(b.start, a.end);
}
