import type { Range } from "vscode-languageserver/node";
import { isScalar } from "yaml";
import type { SpecDocument, SpecNode } from "./spec-document";

/** A name that the user chose, where it is given or used. */
export interface Name {
  kind: "service" | "role" | "volume";
  name: string;
  /** The service within which the name holds; of services and volumes, the whole spec. */
  scope: string | undefined;
  range: Range;
  isDefinition: boolean;
}

/** Every place that gives or uses a name. */
export function namesIn(document: SpecDocument): Name[] {
  const names: Name[] = [];
  const volumes = new Set<string>();
  const add = (kind: Name["kind"], node: SpecNode | undefined, isDefinition: boolean, scope?: string): void => {
    const name = document.scalar(node);
    if (node !== undefined && name !== undefined && name !== "") {
      names.push({ kind, name, scope, range: inner(document, node), isDefinition });
    }
  };
  for (const service of document.services) {
    add("service", service.key, true);
    for (const item of document.items(document.child(service.map, "depends"))) {
      add("service", document.child(item, "service"), false);
    }
    for (const group of document.items(document.child(service.map, "replica_groups"))) {
      add("role", document.child(group, "role"), true, service.name);
    }
    for (const endpoint of document.items(document.child(service.map, "endpoints"))) {
      add("role", document.child(endpoint, "target_role"), false, service.name);
    }
    for (const peer of document.items(document.at(service.map, "resources", "gpu", "sharding", "peers"))) {
      add("service", document.child(peer, "service"), false);
    }
    for (const mount of document.items(document.child(service.map, "storage"))) {
      const volume = document.child(mount, "name");
      const name = document.scalar(volume) ?? "";
      add("volume", volume, !volumes.has(name));
      volumes.add(name);
    }
    for (const { value } of document.fields(document.child(service.map, "env"))) {
      const other = /^\$S:@([^/]+)\//.exec(document.scalar(value) ?? "")?.[1];
      if (other !== undefined && value !== undefined) {
        const start = document.offset(inner(document, value).start) + "$S:@".length;
        const range = { start: document.position(start), end: document.position(start + other.length) };
        names.push({ kind: "service", name: other, scope: undefined, range, isDefinition: false });
      }
    }
  }
  return names;
}

/** The name at an offset. */
export function nameAt(document: SpecDocument, offset: number): Name | undefined {
  return namesIn(document).find(
    ({ range }) => offset >= document.offset(range.start) && offset <= document.offset(range.end),
  );
}

/** Every place of the same name. */
export function sameName(document: SpecDocument, { kind, name, scope }: Name): Name[] {
  return namesIn(document).filter((other) => other.kind === kind && other.name === name && other.scope === scope);
}

/** Without the quotes. */
function inner(document: SpecDocument, node: SpecNode): Range {
  const [start, end] = node.range ?? [0, 0];
  const quote = isScalar(node) && (node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE") ? 1 : 0;
  return { start: document.position(start + quote), end: document.position(end - quote) };
}
