import { DiagnosticSeverity } from "vscode-languageserver/node";
import { closest } from "../closest";
import type { Rule } from "./rule";

/** Roles tell groups apart, which two of one name do not. */
export const duplicateRole: Rule = {
  code: "duplicate-role",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    for (const service of document.services) {
      const seen = new Set<string>();
      for (const group of document.items(document.child(service.map, "replica_groups"))) {
        const role = document.child(group, "role");
        const name = document.scalar(role);
        if (role !== undefined && name !== undefined && seen.has(name)) {
          yield {
            range: document.range(role),
            message: `Another group of this service has the role \`${name}\`. Rename one.`,
          };
        }
        seen.add(name ?? "");
      }
    }
  },
};

/** An endpoint that points at a role of no group has no backend. */
export const unknownRole: Rule = {
  code: "unknown-role",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    for (const service of document.services) {
      const groups = document.items(document.child(service.map, "replica_groups"));
      const roles = groups.map((group) => document.string(group, "role") ?? "").filter((role) => role !== "");
      for (const endpoint of document.items(document.child(service.map, "endpoints"))) {
        const target = document.child(endpoint, "target_role");
        const name = document.scalar(target);
        if (target === undefined || name === undefined || roles.includes(name)) {
          continue;
        }
        const close = closest(name, roles);
        const range = document.range(target);
        yield {
          range,
          message: `This service has no replica group with the role \`${name}\`${roles.length === 0 ? "" : `, only ${roles.join(", ")}`}; nothing would answer.`,
          ...(close === undefined
            ? {}
            : { fixes: [{ title: `Change to \`${close}\``, edits: [{ range, newText: close }] }] }),
        };
      }
    }
  },
};
