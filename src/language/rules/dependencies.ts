import { DiagnosticSeverity } from "vscode-languageserver/node";
import type { SpecDocument, SpecNode } from "../spec-document";
import { removeItem } from "../text-edits";
import type { Rule } from "./rule";

interface Dependency {
  from: string;
  to: string;
  node: SpecNode;
  item: SpecNode;
}

function dependencies(document: SpecDocument): Dependency[] {
  return document.services.flatMap((service) =>
    document.items(document.child(service.map, "depends")).flatMap((item) => {
      const node = document.child(item, "service");
      const to = document.scalar(node);
      return node === undefined || to === undefined ? [] : [{ from: service.name, to, node, item }];
    }),
  );
}

/** A service that waits for itself never starts. */
export const selfDependency: Rule = {
  code: "self-dependency",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    for (const { from, to, node, item } of dependencies(document)) {
      if (from === to) {
        yield {
          range: document.range(node),
          message: `\`${from}\` waits for itself and would never start. Remove this dependency.`,
          fixes: [{ title: "Remove this dependency", edits: removeItem(document, item) }],
        };
      }
    }
  },
};

/** Services that wait for each other never start. */
export const dependencyCycle: Rule = {
  code: "dependency-cycle",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    const all = dependencies(document).filter(({ from, to }) => from !== to);
    const next = new Map<string, string[]>();
    for (const { from, to } of all) {
      const known = next.get(from);
      if (known === undefined) {
        next.set(from, [to]);
      } else {
        known.push(to);
      }
    }
    const waiting = inCycles(next);
    for (const { from, to, node } of all.filter(({ from, to }) => waiting.has(from) && waiting.has(to))) {
      const way = shortestWay(next, to, from);
      if (way !== undefined) {
        yield {
          range: document.range(node),
          message: `These services wait for each other and would never start: ${[from, ...way].join(" → ")}. Remove one of the dependencies.`,
        };
      }
    }
  },
};

/**
 * The services of which some wait for each other: what is left when those that wait for none, or for which none waits, are taken
 * away again and again (Kahn 1962, from both ends).
 */
function inCycles(next: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const before = new Map<string, string[]>();
  for (const [from, all] of next) {
    for (const to of all) {
      before.set(to, [...(before.get(to) ?? []), from]);
    }
  }
  const left = new Set([...next.keys(), ...before.keys()]);
  for (const [ahead, behind] of [
    [next, before],
    [before, next],
  ] as const) {
    const degree = new Map(
      [...left].map((name) => [name, (ahead.get(name) ?? []).filter((to) => left.has(to)).length]),
    );
    const free = [...left].filter((name) => degree.get(name) === 0);
    for (let name = free.pop(); name !== undefined; name = free.pop()) {
      left.delete(name);
      for (const other of behind.get(name) ?? []) {
        const open = (degree.get(other) ?? 0) - 1;
        degree.set(other, open);
        if (open === 0) {
          free.push(other);
        }
      }
    }
  }
  return left;
}

/** The services from one to another along `next`, both included. */
function shortestWay(next: Map<string, string[]>, from: string, to: string): string[] | undefined {
  const before = new Map<string, string | undefined>([[from, undefined]]);
  const queue = [from];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    if (at === to) {
      const way: string[] = [];
      for (let step: string | undefined = at; step !== undefined; step = before.get(step)) {
        way.unshift(step);
      }
      return way;
    }
    for (const following of next.get(at) ?? []) {
      if (!before.has(following)) {
        before.set(following, at);
        queue.push(following);
      }
    }
  }
  return undefined;
}
