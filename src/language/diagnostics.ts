import { type Diagnostic, DiagnosticSeverity, type ServerCapabilities } from "vscode-languageserver/node";
import type { Feature, ServerContext } from "./feature";
import { jobDiagnostics } from "./job/job-diagnostics";
import { KNOWN_NODES, type KnownNode, setKnownNodes } from "./known-nodes";
import { rulePage } from "./rule-pages";
import { findings } from "./rules";
import type { SpecDocument } from "./spec-document";
import { problemRange, type SpecProblem } from "./spec-validator";

/** Waits between an edit and its diagnostics, in ms: half of what the last check took, within these. */
const LEAST_WAIT = 2;
const LONGEST_WAIT = 300;

/** Errors of the engine's validator and warnings of our own rules, published after each edit. */
export const diagnostics: Feature = {
  capabilities: {} satisfies ServerCapabilities,
  register(context) {
    const waiting = new Map<string, NodeJS.Timeout>();
    let lastTook = 0;
    context.documents.onDidChange((uri) => {
      clearTimeout(waiting.get(uri));
      const wait = Math.min(Math.max(lastTook / 2, LEAST_WAIT), LONGEST_WAIT);
      waiting.set(
        uri,
        setTimeout(() => {
          waiting.delete(uri);
          const start = performance.now();
          void publish(context, uri).then(() => {
            lastTook = performance.now() - start;
            // What a job file says of the spec may have changed with it.
            for (const other of context.documents.all()) {
              if (other.uri !== uri && context.documents.job(other.uri) !== undefined) {
                void publish(context, other.uri);
              }
            }
          });
        }, wait),
      );
    });
    context.connection.onNotification(KNOWN_NODES, ({ nodes }: { nodes: KnownNode[] }) => {
      setKnownNodes(nodes);
      for (const { uri } of context.documents.all()) {
        void publish(context, uri);
      }
    });
    context.documents.onDidClose((uri) => {
      clearTimeout(waiting.get(uri));
      waiting.delete(uri);
      context.validator.forget(uri);
      void context.connection.sendDiagnostics({ uri, diagnostics: [] });
    });
  },
};

let failureShown = false;

async function publish(context: ServerContext, uri: string): Promise<void> {
  const { connection, documents, validator } = context;
  const job = documents.job(uri);
  if (job !== undefined) {
    const found = await jobDiagnostics(context, job);
    if (documents.text(uri)?.version === job.version) {
      await connection.sendDiagnostics({ uri, version: job.version, diagnostics: found });
    }
    return;
  }
  // Whatever keeps it from loading is said by the check.
  await validator.ready().catch(() => {});
  const document = documents.get(uri);
  if (document === undefined) {
    return;
  }
  let found: Diagnostic[] = [];
  try {
    found = await errors(document, (text) => validator.checkEdited(uri, text));
  } catch (error) {
    connection.console.error(error instanceof Error ? error.message : String(error));
    if (!failureShown) {
      failureShown = true;
      connection.window.showErrorMessage(
        "ZLayer cannot check specs in this window: its validator did not start. Reinstall the extension; details are in the output channel.",
      );
    }
  }
  // An edit that came meanwhile has a check of its own, and the document is no more what was checked.
  if (documents.text(uri)?.version === document.version) {
    found.push(...findings(document, found));
    await connection.sendDiagnostics({ uri, version: document.version, diagnostics: found });
  }
}

async function errors(
  document: SpecDocument,
  check: (text: string) => Promise<{ problems: SpecProblem[]; unserved: SpecProblem[] }>,
): Promise<Diagnostic[]> {
  const { problems, unserved } = await check(document.text);
  const diagnostic = (problem: SpecProblem, severity: DiagnosticSeverity): Diagnostic => ({
    range: problemRange(problem, (line) => document.line(line)),
    severity,
    code: problem.code,
    ...rulePage(problem.code),
    source: "zlayer",
    message: problem.message,
    data: { path: problem.path },
  });
  // ZLayer's own daemon serves more than the sidecar does, so what the sidecar refuses is no error of the spec.
  return [
    ...problems.map((problem) => diagnostic(problem, DiagnosticSeverity.Error)),
    ...unserved.map((problem) => diagnostic(problem, DiagnosticSeverity.Warning)),
  ];
}
