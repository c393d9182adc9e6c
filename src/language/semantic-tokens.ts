import { type SemanticTokens, SemanticTokensBuilder } from "vscode-languageserver/node";
import { isMap, isScalar, isSeq } from "yaml";
import type { Feature } from "./feature";
import { definitionOf, fitting, hasFormat, type Schema, schemaAt } from "./schema";
import type { SpecDocument, SpecNode } from "./spec-document";

const TYPES = ["class", "keyword", "variable", "number", "type"] as const;

interface Token {
  start: number;
  length: number;
  type: (typeof TYPES)[number];
}

/** Services, references to secrets and to the environment, durations and images. */
export const semanticTokens: Feature = {
  capabilities: {
    semanticTokensProvider: { legend: { tokenTypes: [...TYPES], tokenModifiers: [] }, full: true, range: false },
  },
  register({ connection, documents }) {
    connection.languages.semanticTokens.on(({ textDocument }) => {
      const document = documents.get(textDocument.uri);
      return document === undefined ? { data: [] } : build(document);
    });
  },
};

function build(document: SpecDocument): SemanticTokens {
  const tokens: Token[] = [];
  for (const { key } of document.services) {
    token(tokens, key.range?.[0], key.range?.[1], "class");
  }
  walk(document, document.root, schemaAt(document, []), tokens);
  const builder = new SemanticTokensBuilder();
  for (const { start, length, type } of tokens.sort((a, b) => a.start - b.start)) {
    const position = document.position(start);
    builder.push(position.line, position.character, length, TYPES.indexOf(type), 0);
  }
  return builder.build();
}

function walk(document: SpecDocument, node: SpecNode | undefined, schema: Schema | undefined, tokens: Token[]): void {
  if (isMap(node)) {
    const options = fitting(document, schema, node);
    for (const field of document.fields(node)) {
      const named = options.map((option) => option.properties?.[field.name]).find((property) => property !== undefined);
      const open = options
        .map((option) => option.additionalProperties)
        .find((property) => typeof property === "object");
      walk(document, field.value, named ?? (typeof open === "object" ? open : undefined), tokens);
    }
  } else if (isSeq(node)) {
    const items = [schema, ...(schema?.anyOf ?? [])]
      .map((option) => option?.items)
      .find((option) => option !== undefined);
    for (const item of node.items as SpecNode[]) {
      walk(document, item, items, tokens);
    }
  } else if (isScalar(node) && node.range && typeof node.value === "string") {
    const source = document.text.slice(node.range[0], node.range[1]);
    const reference = /^["']?(\$[ES]:)([^"'\s]+)/.exec(source);
    if (reference !== null) {
      const [whole, mark = "", name = ""] = reference;
      const start = node.range[0] + whole.length - mark.length - name.length;
      token(tokens, start, start + mark.length, "keyword");
      token(tokens, start + mark.length, start + mark.length + name.length, "variable");
    } else if (schema !== undefined && definitionOf(schema) === "duration" && !source.includes("\n")) {
      token(tokens, node.range[0], node.range[1], "number");
    } else if (schema !== undefined && hasFormat(schema, "zlayer-image") && !source.includes("\n")) {
      token(tokens, node.range[0], node.range[1], "type");
    }
  }
}

function token(tokens: Token[], start: number | undefined, end: number | undefined, type: Token["type"]): void {
  if (start !== undefined && end !== undefined && end > start) {
    tokens.push({ start, length: end - start, type });
  }
}
