import { DiagnosticSeverity } from "vscode-languageserver/node";
import type { Rule } from "./rule";

/** Two endpoints of one service on one port: the proxy can bind it once. */
export const endpointPortTwice: Rule = {
  code: "endpoint-port-twice",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    for (const service of document.services) {
      const taken = new Map<string, string>();
      for (const endpoint of document.items(document.child(service.map, "endpoints"))) {
        const port = document.child(endpoint, "port");
        const udp = document.string(endpoint, "protocol") === "udp" ? "udp" : "tcp";
        // What the proxy tells apart by host or path may share a port.
        const key = [
          document.scalar(port),
          udp,
          document.string(endpoint, "host") ?? "",
          document.string(endpoint, "path") ?? "",
        ].join(" ");
        const other = taken.get(key);
        if (other !== undefined && port !== undefined) {
          yield {
            range: document.range(port),
            message: `The endpoint \`${other}\` has this port already. Choose another, or tell them apart by \`host\` or \`path\`.`,
          };
        }
        taken.set(key, document.string(endpoint, "name") ?? "");
      }
    }
  },
};

/** Without a network nothing is reachable. Published ports are refused by the engine (`no-network`). */
export const networkNone: Rule = {
  code: "network-none-with-ports",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    for (const service of document.services) {
      const mode = document.child(service.map, "network_mode");
      if (mode === undefined || document.scalar(mode) !== "none") {
        continue;
      }
      const reachable = ["endpoints", "expose"].filter(
        (name) => document.items(document.child(service.map, name)).length > 0,
      );
      if (reachable.length > 0) {
        yield {
          range: document.range(mode),
          message: `With \`network_mode: none\` nothing reaches \`${reachable.join("`, `")}\`. Remove one of the two.`,
        };
      }
    }
  },
};
