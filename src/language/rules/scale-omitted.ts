import { DiagnosticSeverity } from "vscode-languageserver/node";
import { entryEdit } from "../text-edits";
import type { Rule } from "./rule";

/** Without `scale` ZLayer grows a service to 10 replicas, which are all paid for. */
export const scaleOmitted: Rule = {
  code: "scale-omitted",
  severity: DiagnosticSeverity.Information,
  *check(document) {
    for (const service of document.services) {
      const kind = document.string(service.map, "rtype") ?? "service";
      const settled = document.field(service.map, "scale") ?? document.field(service.map, "replica_groups");
      if (service.map === undefined || settled !== undefined || kind !== "service") {
        continue;
      }
      yield {
        range: document.range(service.key),
        message: `Without \`scale\`, \`${service.name}\` may run as 1 to 10 replicas. Say how many there should be.`,
        fixes: [
          {
            title: "Pin to 1 replica",
            edits: entryEdit(document, service, [{ name: "scale", value: { mode: "fixed", replicas: 1 } }]),
          },
        ],
      };
    }
  },
};
