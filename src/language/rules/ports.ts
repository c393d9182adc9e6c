import { DiagnosticSeverity } from "vscode-languageserver/node";
import type { SpecDocument, SpecNode } from "../spec-document";
import type { Rule } from "./rule";

/** Two containers cannot hold one port of the machine. */
export const portClash: Rule = {
  code: "port-clash",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    const taken: { service: string; ip: string; key: string }[] = [];
    for (const service of document.services) {
      for (const mapping of document.items(document.child(service.map, "port_mappings"))) {
        const port = document.child(mapping, "host_port");
        const number = document.number(port);
        if (port === undefined || number === undefined || number === 0) {
          continue;
        }
        const ip = document.string(mapping, "host_ip") ?? "0.0.0.0";
        const key = `${number}/${document.string(mapping, "protocol") ?? "tcp"}`;
        const other = taken.find((one) => one.key === key && (one.ip === ip || isAny(one.ip) || isAny(ip)));
        if (other === undefined) {
          taken.push({ service: service.name, ip, key });
        } else {
          const who = other.service === service.name ? "this service twice" : `\`${other.service}\` too`;
          yield {
            range: document.range(port),
            message: `Port ${key} of the machine is wanted by ${who}. Choose another \`host_port\`, or leave it out to get a free one.`,
          };
        }
        const replicas = replicasOf(document, service.map);
        if (replicas > 1) {
          yield {
            range: document.range(port),
            message: `${replicas} replicas want port ${key} of one machine; only the first gets it. Leave \`host_port\` out, or run 1 replica.`,
          };
        }
      }
    }
  },
};

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

/** Without a network nothing is reachable. */
export const networkNone: Rule = {
  code: "network-none-with-ports",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    for (const service of document.services) {
      const mode = document.child(service.map, "network_mode");
      if (mode === undefined || document.scalar(mode) !== "none") {
        continue;
      }
      const reachable = ["endpoints", "port_mappings", "expose"].filter(
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

function isAny(ip: string): boolean {
  return ip === "" || ip === "0.0.0.0" || ip === "::";
}

function replicasOf(document: SpecDocument, service: SpecNode | undefined): number {
  const scale = document.child(service, "scale");
  return document.string(scale, "mode") === "fixed" ? (document.number(document.child(scale, "replicas")) ?? 1) : 1;
}
