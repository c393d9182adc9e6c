import type { TextEdit } from "vscode-languageserver/node";
import { parseDocument } from "yaml";
import type { Feature, ServerContext } from "./feature";
import type { SpecDocument } from "./spec-document";

/** Two spaces, one style, comments and blank lines kept. A spec that does not parse is left as it is. */
export const formatting: Feature = {
  capabilities: { documentFormattingProvider: true },
  register(context) {
    context.connection.onDocumentFormatting(async ({ textDocument }) => {
      const document = context.documents.get(textDocument.uri);
      return document === undefined ? [] : await format(context, document);
    });
  },
};

async function format({ validator }: ServerContext, document: SpecDocument): Promise<TextEdit[]> {
  const newline = document.text.includes("\r\n") ? "\r\n" : "\n";
  const source = document.text.replaceAll("\r\n", "\n");
  const yaml = parseDocument(source, { uniqueKeys: false, merge: false, intAsBigInt: true, logLevel: "silent" });
  if (yaml.errors.length > 0 || yaml.contents === null) {
    return [];
  }
  const formatted = commentsBeside(
    source,
    yaml.toString({ lineWidth: 0, indent: 2, indentSeq: true, flowCollectionPadding: true }),
  );
  // What a spec means is never touched: the engine must read the same from both.
  const [before, after] = await Promise.all([source, formatted].map((text) => validator.check(text, { spec: true })));
  if (before?.valid !== after?.valid || JSON.stringify(before?.spec) !== JSON.stringify(after?.spec)) {
    return [];
  }
  const text = formatted.replaceAll("\n", newline);
  if (text === document.text) {
    return [];
  }
  return [
    {
      range: { start: { line: 0, character: 0 }, end: document.position(document.text.length) },
      newText: text,
    },
  ];
}

/** The library moves a comment behind `key:` to the next line; where it stood beside the key, it comes back. */
function commentsBeside(source: string, formatted: string): string {
  const beside = new Set<string>();
  for (const [, key = "", comment = ""] of source.matchAll(/^[ -]*([^\s#-].*:)[ \t]+(#.*)$/gm)) {
    beside.add(`${key} ${comment.trimEnd()}`);
  }
  return formatted.replace(/^([ -]*)([^\s#-].*:)\n +(#.*)$/gm, (all, lead: string, key: string, comment: string) =>
    beside.has(`${key} ${comment}`) ? `${lead}${key} ${comment}` : all,
  );
}
