import { type InlayHint, InlayHintKind } from "vscode-languageserver/node";
import type { Feature } from "./feature";
import type { SpecDocument } from "./spec-document";

/** Defaults that matter, beside what leaves them out. Off unless the setting `zlayer.inlayHints.defaults` is on. */
export const inlayHints: Feature = {
  capabilities: { inlayHintProvider: true },
  register({ connection, documents, client }) {
    connection.languages.inlayHint.on(async ({ textDocument, range }) => {
      const document = documents.get(textDocument.uri);
      if (document === undefined || !client.hasConfiguration) {
        return [];
      }
      const wanted: unknown = await connection.workspace.getConfiguration("zlayer.inlayHints.defaults");
      if (wanted !== true) {
        return [];
      }
      return hints(document).filter(
        ({ position }) => position.line >= range.start.line && position.line <= range.end.line,
      );
    });
  },
};

function hints(document: SpecDocument): InlayHint[] {
  const found: InlayHint[] = [];
  const beside = (offset: number, label: string): void => {
    found.push({ position: document.position(offset), label, kind: InlayHintKind.Parameter, paddingLeft: true });
  };
  for (const service of document.services) {
    const after = (service.key.range?.[1] ?? 0) + 1;
    const kind = document.string(service.map, "rtype") ?? "service";
    const lacks = (name: string) => service.map !== undefined && document.field(service.map, name) === undefined;
    if (kind === "service" && lacks("scale") && lacks("replica_groups")) {
      beside(after, "1 to 10 replicas");
    }
    if (kind === "service" && lacks("health")) {
      beside(after, "healthy when its first endpoint answers");
    }
    for (const item of document.items(document.child(service.map, "depends"))) {
      const name = document.child(item, "service");
      if (name?.range && document.field(item, "condition") === undefined) {
        beside(name.range[1], "healthy, within 5m");
      }
    }
    for (const mapping of document.items(document.child(service.map, "port_mappings"))) {
      const port = document.child(mapping, "host_port") ?? document.child(mapping, "container_port");
      if (port?.range && document.field(mapping, "host_ip") === undefined) {
        beside(port.range[1], "on all addresses");
      }
    }
  }
  return found;
}
