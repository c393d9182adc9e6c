import { type Diagnostic, DiagnosticSeverity } from "vscode-languageserver/node";
import { closest } from "../closest";
import type { ServerContext } from "../feature";
import { fitting, schemaAt } from "../schema";
import type { SpecDocument } from "../spec-document";
import { jobSchema } from "./job-schema";
import { readText, specUri } from "./specs-beside";

/** What is wrong with a job file, and with the spec that it names. */
export async function jobDiagnostics(context: ServerContext, job: SpecDocument): Promise<Diagnostic[]> {
  // Loaded with the first job file: most windows see none.
  const { readJobFile } = await import("../../protocol/read-job-file");
  const found = readJobFile(job.text).problems.map(
    ({ code, path, message, start, end }): Diagnostic => ({
      range: { start: job.position(start), end: job.position(end) },
      severity: DiagnosticSeverity.Error,
      source: "zlayer",
      code,
      message: code === "unknown-field" ? `${message}${suggestion(job, path)}` : message,
    }),
  );
  const spec = await specProblem(context, job);
  return spec === undefined ? found : [...found, spec];
}

function suggestion(job: SpecDocument, path: string): string {
  const steps = path.split(".");
  const name = steps.pop() ?? "";
  const options = fitting(job, schemaAt(job, steps, jobSchema), job.at(job.root, ...steps));
  const near = closest(
    name,
    options.flatMap(({ properties }) => Object.keys(properties ?? {})),
  );
  return near === undefined ? "" : ` Did you mean “${near}”?`;
}

/** Why the spec cannot be posted. Nothing when that cannot be found out from here. */
async function specProblem(
  { documents, validator }: ServerContext,
  job: SpecDocument,
): Promise<Diagnostic | undefined> {
  const node = job.child(job.root, "spec");
  const name = job.scalar(node);
  const uri = name === undefined || name === "" ? undefined : specUri(job.uri, name);
  if (uri === undefined) {
    return undefined;
  }
  const open = documents.text(uri);
  const read = open === undefined ? await readText(uri) : { text: open.getText() };
  const problem = (severity: DiagnosticSeverity, code: string, message: string): Diagnostic => ({
    range: job.range(node),
    severity,
    source: "zlayer",
    code,
    message,
  });
  if (read === undefined) {
    return undefined;
  }
  if ("reason" in read) {
    return problem(DiagnosticSeverity.Error, "spec-missing", `The spec “${name}” ${read.reason}.`);
  }
  const { problems } = await validator.check(read.text);
  const [first] = problems;
  return first === undefined
    ? undefined
    : problem(
        DiagnosticSeverity.Error,
        "spec-invalid",
        `The spec “${name}” cannot run: line ${first.line}: ${first.message}`,
      );
}
