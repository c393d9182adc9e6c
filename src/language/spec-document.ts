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
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { type Part, SpecTree } from "./spec-tree";

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

/** The fields of mappings that were asked for. */
const fieldsOf = new WeakMap<YAMLMap, Field[]>();

/** What a document is made from, when more is there than its text. */
interface Sources {
  /** The same text, to tell lines. It may be edited once this document is no longer asked. */
  lines?: TextDocument;
  /** The tree of this text, which is edited likewise. */
  tree?: SpecTree;
  /** Only these services, and nothing of the top level unless there are none. */
  only?: readonly Part[];
}

/**
 * The tree of one version of a spec. Reading it never throws, whatever the text.
 *
 * A document that is open is to be asked for anew after each wait: an edit changes the nodes of the one before.
 */
export class SpecDocument {
  readonly uri: string;
  readonly version: number;
  readonly text: string;
  readonly #lines: TextDocument;
  readonly #tree: SpecTree;
  readonly #only: readonly Part[] | undefined;
  #view: Document | undefined;
  #services: Named[] | undefined;

  constructor(uri: string, version: number, text: string, { lines, tree, only }: Sources = {}) {
    this.uri = uri;
    this.version = version;
    this.text = text;
    this.#lines = lines ?? TextDocument.create(uri, "zlayer", version, text);
    this.#tree = tree ?? new SpecTree(text);
    this.#only = only;
  }

  get yaml(): Document | undefined {
    if (this.#only === undefined) {
      return this.#tree.yaml;
    }
    this.#view ??= this.#tree.only(this.#only);
    return this.#view;
  }

  /** The top-level mapping, when there is one. */
  get root(): YAMLMap | undefined {
    const contents = this.yaml?.contents;
    return isMap(contents) ? contents : undefined;
  }

  /** The services as they lie in the text one below the other, or undefined where they do not. */
  get parts(): readonly Part[] | undefined {
    return this.#tree.services;
  }

  /** This document as if nothing but one service stood in it; or all else, when none is given. */
  view(service?: Part): SpecDocument {
    const only = service === undefined ? [] : [service];
    return new SpecDocument(this.uri, this.version, this.text, { lines: this.#lines, tree: this.#tree, only });
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
    let fields = fieldsOf.get(map);
    if (fields === undefined) {
      fields = [];
      for (const pair of map.items) {
        if (isScalar(pair.key) && pair.key.range !== undefined) {
          const value = pair.value as SpecNode | null;
          fields.push({ name: scalarText(pair.key), key: pair.key, value: value ?? undefined, pair: pair as Pair });
        }
      }
      fieldsOf.set(map, fields);
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
      return this.#tree.anchored(node.source, node.range?.[0] ?? 0);
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

function trimmedEnd(text: string, end: number): number {
  let at = end;
  while (at > 0 && /\s/.test(text.charAt(at - 1))) {
    at -= 1;
  }
  return at;
}
