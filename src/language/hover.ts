import { type Hover, MarkupKind, type Position } from "vscode-languageserver/node";
import { stringify } from "yaml";
import type { Feature } from "./feature";
import { jobSchema } from "./job/job-schema";
import { nodeAt } from "./node-at";
import { describe, kindOf, type Schema, schemaAt, values } from "./schema";
import type { SpecDocument } from "./spec-document";

/** What a field means, its kind, its default and its values. */
export const hover: Feature = {
  capabilities: { hoverProvider: true },
  register({ connection, documents }) {
    connection.onHover(({ textDocument, position }) => {
      const job = documents.job(textDocument.uri);
      const document = job ?? documents.get(textDocument.uri);
      return document === undefined ? null : hoverAt(document, position, job && jobSchema);
    });
  },
};

/** @param top the schema of another kind of file than a spec */
export function hoverAt(document: SpecDocument, position: Position, top?: Schema): Hover | null {
  const found = nodeAt(document, document.offset(position));
  if (found === undefined) {
    return null;
  }
  const schema = schemaAt(document, found.path, top);
  if (schema === undefined) {
    return null;
  }
  const value = found.isKey ? undefined : reference(document.scalar(found.node));
  const contents = [value, explanation(found.path, schema)].filter((part) => part !== undefined).join("\n\n---\n\n");
  return { contents: { kind: MarkupKind.Markdown, value: contents }, range: document.range(found.node) };
}

/** The documentation of a field in Markdown. */
export function explanation(path: readonly (string | number)[], schema: Schema): string {
  const name = path
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`))
    .join("")
    .replace(/^\./, "");
  const lines = [`**${name}** · ${kindOf(schema)}`];
  const words = describe(schema);
  if (words !== undefined) {
    lines.push(words);
  }
  if (schema.default !== undefined && !isEmpty(schema.default)) {
    const text =
      typeof schema.default === "object"
        ? stringify(schema.default, { lineWidth: 0 }).trimEnd()
        : String(schema.default);
    lines.push(text.includes("\n") ? `Default:\n\`\`\`yaml\n${text}\n\`\`\`` : `Default: \`${text}\``);
  }
  const options = values(schema);
  if (options.length > 0 && options.length <= 20) {
    lines.push(
      options
        .map(
          ({ value, description }) =>
            `- \`${value}\`${description === undefined ? "" : `: ${description.split("\n")[0]}`}`,
        )
        .join("\n"),
    );
  }
  return lines.join("\n\n");
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function reference(text: string | undefined): string | undefined {
  const secret = /^\$S:(?:@([^/]+)\/)?(.+)$/.exec(text ?? "");
  if (secret !== null) {
    const of = secret[1] === undefined ? "" : ` of the service \`${secret[1]}\``;
    return `The secret \`${secret[2]}\`${of}, read when the container starts.`;
  }
  const variable = /^\$E:(.+)$/.exec(text ?? "");
  return variable === null
    ? undefined
    : `The environment variable \`${variable[1]}\` of the deploying engine, read when the container starts.`;
}
