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
      next.set(from, [...(next.get(from) ?? []), to]);
    }
    for (const { from, to, node } of all) {
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
