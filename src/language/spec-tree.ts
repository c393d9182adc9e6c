// The YAML tree of a text that is being edited: of each part that did not change the nodes are kept.
import {
  Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  type Node,
  Pair,
  parseAllDocuments,
  Scalar,
  YAMLMap,
} from "yaml";
import { outline, type Span } from "./spec-outline";

/** Brings a service, which is indented, into the place that it has in a spec. */
const ABOVE = "_:\n";

/** A part of the text with its nodes. */
export class Part {
  readonly text: string;
  /** Where it begins in the text. */
  offset: number;
  readonly pairs: Pair[];
  /** It holds aliases, so what it means depends on other parts. */
  readonly hasAliases: boolean;
  readonly anchors: Node[];
  readonly #ranges: [number, number, number][] = [];
  /** The offset to which the ranges of its nodes belong. */
  #placed: number;

  constructor(text: string, offset: number, isService: boolean) {
    // A copy: a slice would keep the text of this version in memory.
    this.text = ` ${text}`.slice(1);
    this.offset = offset;
    const found = contents(parse(isService ? ABOVE + this.text : this.text));
    const inside = isService ? contents(found?.items[0]?.value) : found;
    this.pairs = inside?.items ?? [];
    this.#placed = isService ? ABOVE.length : 0;
    this.anchors = [];
    let hasAliases = false;
    for (const node of nodes(this.pairs)) {
      if (node.range !== undefined && node.range !== null) {
        this.#ranges.push(node.range);
      }
      hasAliases ||= isAlias(node);
      if (!isAlias(node) && node.anchor !== undefined) {
        this.anchors.push(node);
      }
    }
    this.hasAliases = hasAliases;
  }

  /** Brings the ranges of its nodes to where the part is now. */
  place(): void {
    const by = this.offset - this.#placed;
    this.#placed = this.offset;
    if (by !== 0) {
      for (const range of this.#ranges) {
        range[0] += by;
        range[1] += by;
        range[2] += by;
      }
    }
  }
}

interface Parts {
  head: Part;
  key: Part;
  services: Part[];
  tail: Part;
}

/** The tree of one text at a time. Nodes that were taken from it have the ranges of the text that it was last given. */
export class SpecTree {
  #parts: Parts | undefined;
  #yaml: Document | undefined;
  #anchors: Map<string, Node[]> | undefined;
  #text = "";
  #isBuilt = false;

  constructor(text: string) {
    this.update(text);
  }

  /** Reads another text. What is the same as before at its beginning and at its end is not read again. */
  update(text: string): void {
    this.#text = text;
    this.#yaml = undefined;
    this.#anchors = undefined;
    this.#isBuilt = false;
    const spans = outline(text);
    if (spans === undefined) {
      this.#parts = undefined;
      return;
    }
    const before = this.#parts;
    this.#parts = {
      head: reuse(text, spans.head, before?.head, false),
      key: reuse(text, spans.key, before?.key, false),
      services: reuseAll(text, spans.services, before?.services ?? []),
      tail: reuse(text, spans.tail, before?.tail, false),
    };
  }

  /** The services' parts, where the text has such. */
  get services(): readonly Part[] | undefined {
    return this.#parts?.services;
  }

  /** The whole document, or undefined where there is nothing to be read. */
  get yaml(): Document | undefined {
    if (!this.#isBuilt) {
      this.#isBuilt = true;
      if (this.#parts === undefined) {
        this.#yaml = parse(this.#text);
      } else {
        for (const part of this.#parts.services) {
          part.place();
        }
        this.#yaml = this.#assemble(this.#parts, this.#parts.services);
      }
    }
    return this.#yaml;
  }

  /** The document as if it had only these services. */
  only(services: readonly Part[]): Document | undefined {
    if (this.#parts === undefined) {
      return undefined;
    }
    for (const part of services) {
      part.place();
    }
    return this.#assemble(services.length === 0 ? this.#parts : { key: this.#parts.key }, services);
  }

  /** What an alias stands for: the nearest anchor of that name before it. */
  anchored(name: string, before: number): Node | undefined {
    if (this.#anchors === undefined) {
      this.#anchors = new Map();
      for (const node of this.#allAnchors()) {
        const name = isAlias(node) ? undefined : (node as Scalar).anchor;
        if (name !== undefined) {
          this.#anchors.set(name, [...(this.#anchors.get(name) ?? []), node]);
        }
      }
    }
    const start = (node: Node) => node.range?.[0] ?? 0;
    let nearest: Node | undefined;
    for (const node of this.#anchors.get(name) ?? []) {
      if (start(node) < before && (nearest === undefined || start(node) > start(nearest))) {
        nearest = node;
      }
    }
    return nearest;
  }

  #allAnchors(): Iterable<Node> {
    const whole = this.yaml;
    if (this.#parts === undefined) {
      return isMap(whole?.contents) ? nodes(whole.contents.items as Pair[]) : [];
    }
    const { head, key, services, tail } = this.#parts;
    return [head, key, ...services, tail].flatMap(({ anchors }) => anchors);
  }

  #assemble(parts: Partial<Parts> & { key: Part }, services: readonly Part[]): Document {
    const { head, key, tail } = parts;
    for (const part of [head, key, tail]) {
      part?.place();
    }
    const map = new YAMLMap();
    map.items = services.flatMap(({ pairs }) => pairs);
    const last = services.at(-1);
    const end = last === undefined ? key.offset + key.text.length : last.offset + last.text.length;
    const start = (map.items[0]?.key as Node | undefined)?.range?.[0] ?? end;
    map.range = [start, end, end];
    const name = key.pairs[0]?.key;
    const field = new Pair(name ?? new Scalar("services"), services.length === 0 ? null : map);
    const root = new YAMLMap();
    root.items = [...(head?.pairs ?? []), field, ...(tail?.pairs ?? [])];
    root.range = [0, this.#text.length, this.#text.length];
    const document = new Document();
    document.contents = root;
    return document;
  }
}

function reuse(text: string, { start, end }: Span, before: Part | undefined, isService: boolean): Part {
  if (before !== undefined && before.text.length === end - start && text.startsWith(before.text, start)) {
    before.offset = start;
    return before;
  }
  return new Part(text.slice(start, end), start, isService);
}

/** Keeps the parts that are the same, counted from the beginning and from the end; between them lies what was edited. */
function reuseAll(text: string, spans: Span[], before: Part[]): Part[] {
  const same = (span: Span | undefined, part: Part | undefined) =>
    span !== undefined &&
    part !== undefined &&
    part.text.length === span.end - span.start &&
    text.startsWith(part.text, span.start);
  const most = Math.min(spans.length, before.length);
  let first = 0;
  while (first < most && same(spans[first], before[first])) {
    first += 1;
  }
  let last = 0;
  while (last < most - first && same(spans.at(-1 - last), before.at(-1 - last))) {
    last += 1;
  }
  return spans.map((span, at) => {
    const fromEnd = spans.length - at;
    return reuse(text, span, at < first ? before[at] : fromEnd <= last ? before.at(-fromEnd) : undefined, true);
  });
}

function parse(text: string): Document | undefined {
  try {
    const documents = parseAllDocuments(text, {
      uniqueKeys: false,
      merge: false,
      logLevel: "silent",
      strict: false,
      prettyErrors: false,
    });
    return Array.isArray(documents) ? (documents[0] as Document | undefined) : undefined;
  } catch {
    // The library throws for a few texts that no grammar fits; the validator reports those.
    return undefined;
  }
}

function contents(of: unknown): YAMLMap<unknown, unknown> | undefined {
  const node = of instanceof Document ? of.contents : of;
  return isMap(node) ? node : undefined;
}

/** All nodes below some pairs, keys included, in any order. */
function* nodes(pairs: readonly Pair[]): Generator<Node> {
  const open: unknown[] = [...pairs];
  while (open.length > 0) {
    const node = open.pop();
    if (isPair(node)) {
      open.push(node.value, node.key);
    } else if (isCollection(node)) {
      open.push(...(node.items as unknown[]));
      yield node as Node;
    } else if (isScalar(node) || isAlias(node)) {
      yield node;
    }
  }
}
