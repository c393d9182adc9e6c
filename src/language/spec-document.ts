import type { Position, Range } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseAllDocuments,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";

export type SpecNode = Node;

/** A field of a mapping: its key as written and its value. */
export interface Field {
  name: string;
  key: Scalar;
  value: SpecNode | undefined;
  pair: Pair;
}

/** A named part of the spec: a service, an external or a tunnel. */
export interface Named extends Field {
  map: YAMLMap | undefined;
}

/** The tree of one version of a spec. Reading it never throws, whatever the text. */
export class SpecDocument {
  readonly uri: string;
  readonly version: number;
  readonly text: string;
  readonly yaml: Document.Parsed | undefined;
  readonly #lines: TextDocument;
  readonly #fields = new WeakMap<YAMLMap, Field[]>();
  #services: Named[] | undefined;

  constructor(uri: string, version: number, text: string) {
    this.uri = uri;
    this.version = version;
    this.text = text;
    this.#lines = TextDocument.create(uri, "zlayer", version, text);
    this.yaml = parse(text);
  }

  /** The top-level mapping, when there is one. */
  get root(): YAMLMap | undefined {
    return isMap(this.yaml?.contents) ? this.yaml.contents : undefined;
  }

  get services(): Named[] {
    this.#services ??= this.named("services");
    return this.#services;
  }

  /** The entries of a top-level mapping, in the order of the text. */
  named(part: "services" | "externals" | "tunnels"): Named[] {
    return this.fields(this.child(this.root, part)).map((field) => ({ ...field, map: this.map(field.value) }));
  }

  service(name: string): Named | undefined {
    return this.services.find((service) => service.name === name);
  }

  /** The name under `deployment`, when it is text. */
  get deployment(): string | undefined {
    return this.string(this.root, "deployment");
  }

  /** The fields of a mapping, aliases followed; none of anything else. */
  fields(node: unknown): Field[] {
    const map = this.map(node);
    if (map === undefined) {
      return [];
    }
    let fields = this.#fields.get(map);
    if (fields === undefined) {
      fields = [];
      for (const pair of map.items) {
        if (isScalar(pair.key) && pair.key.range !== undefined) {
          const value = pair.value as SpecNode | null;
          fields.push({ name: scalarText(pair.key), key: pair.key, value: value ?? undefined, pair: pair as Pair });
        }
      }
      this.#fields.set(map, fields);
    }
    return fields;
  }

  field(node: unknown, name: string): Field | undefined {
    return this.fields(node).findLast((field) => field.name === name);
  }

  child(node: unknown, name: string): SpecNode | undefined {
    return this.resolve(this.field(node, name)?.value);
  }

  /** The node at a path of names and indexes. */
  at(node: unknown, ...path: (string | number)[]): SpecNode | undefined {
    let here = this.resolve(node);
    for (const step of path) {
      here = typeof step === "number" ? this.items(here)[step] : this.child(here, step);
    }
    return here;
  }

  items(node: unknown): SpecNode[] {
    const resolved = this.resolve(node);
    return isSeq(resolved) ? (resolved as YAMLSeq<SpecNode>).items.filter((item) => item !== null) : [];
  }

  /** The text of a scalar child, as written between its quotes. */
  string(node: unknown, name: string): string | undefined {
    return this.scalar(this.child(node, name));
  }

  scalar(node: unknown): string | undefined {
    const resolved = this.resolve(node);
    return isScalar(resolved) ? scalarText(resolved) : undefined;
  }

  number(node: unknown): number | undefined {
    const text = this.scalar(node);
    const value = text === undefined || text === "" ? Number.NaN : Number(text);
    return Number.isNaN(value) ? undefined : value;
  }

  map(node: unknown): YAMLMap | undefined {
    const resolved = this.resolve(node);
    return isMap(resolved) ? resolved : undefined;
  }

  /** The node that an alias stands for, and every other node itself. */
  resolve(node: unknown): SpecNode | undefined {
    if (isAlias(node)) {
      return this.yaml === undefined ? undefined : (node.resolve(this.yaml) as SpecNode | undefined);
    }
    return (node as SpecNode | null | undefined) ?? undefined;
  }

  /** The range of a node, without the white space and comments after it. */
  range(node: SpecNode | null | undefined): Range {
    const [start, end] = node?.range ?? [0, 0];
    const trimmed = isMap(node) || isSeq(node) ? trimmedEnd(this.text, end) : end;
    return { start: this.position(start), end: this.position(Math.max(start, trimmed)) };
  }

  /** From the key to the end of the value. */
  fullRange(field: Field): Range {
    const start = field.key.range?.[0] ?? 0;
    const end = trimmedEnd(this.text, Math.max(field.key.range?.[1] ?? start, field.value?.range?.[1] ?? start));
    return { start: this.position(start), end: this.position(Math.max(start, end)) };
  }

  position(offset: number): Position {
    return this.#lines.positionAt(offset);
  }

  offset(position: Position): number {
    return this.#lines.offsetAt(position);
  }

  get lineCount(): number {
    return this.#lines.lineCount;
  }

  /** The text of a line without its end. */
  line(line: number): string {
    const text = this.#lines.getText({ start: { line, character: 0 }, end: { line: line + 1, character: 0 } });
    return text.replace(/[\r\n]+$/, "");
  }
}

/** A scalar as written: numbers and booleans keep their spelling. */
export function scalarText(scalar: Scalar): string {
  if (typeof scalar.value === "string") {
    return scalar.value;
  }
  return scalar.source ?? String(scalar.value ?? "");
}

function parse(text: string): Document.Parsed | undefined {
  try {
    const documents = parseAllDocuments(text, {
      uniqueKeys: false,
      merge: false,
      logLevel: "silent",
      strict: false,
    });
    return Array.isArray(documents) ? documents[0] : undefined;
  } catch {
    // The library throws for a few texts that no grammar fits; the validator reports those.
    return undefined;
  }
}

function trimmedEnd(text: string, end: number): number {
  let at = end;
  while (at > 0 && /\s/.test(text.charAt(at - 1))) {
    at -= 1;
  }
  return at;
}
