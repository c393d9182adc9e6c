import { DiagnosticSeverity } from "vscode-languageserver/node";
import type { Rule } from "./rule";

/** A job ends: it is never healthy or ready for long. */
export const waitsForJob: Rule = {
  code: "waits-for-job",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    for (const service of document.services) {
      for (const item of document.items(document.child(service.map, "depends"))) {
        const name = document.child(item, "service");
        const other = document.service(document.scalar(name) ?? "");
        const kind = document.string(other?.map, "rtype");
        const condition = document.string(item, "condition") ?? "healthy";
        if (name !== undefined && (kind === "job" || kind === "cron") && condition !== "started") {
          yield {
            range: document.range(document.child(item, "condition") ?? name),
            message: `\`${other?.name}\` is a ${kind}, which ends, so waiting until it is ${condition} may never succeed. Write \`condition: started\`.`,
          };
        }
      }
    }
  },
};

/** `rtype` says how a service runs; `service_type: job` looks the same and is not. */
export const twoKindsOfJob: Rule = {
  code: "two-kinds-of-job",
  severity: DiagnosticSeverity.Information,
  *check(document) {
    for (const service of document.services) {
      const type = document.field(service.map, "service_type");
      const kind = document.string(service.map, "rtype") ?? "service";
      if (type !== undefined && document.scalar(type.value) === "job" && kind === "service") {
        yield {
          range: document.range(type.value),
          message:
            "`service_type: job` alone leaves this a service that is restarted when it ends. Write `rtype: job` for something that ends.",
        };
      }
    }
  },
};

/** A service of no replicas at all. */
export const neverRuns: Rule = {
  code: "never-runs",
  severity: DiagnosticSeverity.Information,
  *check(document) {
    for (const service of document.services) {
      const scale = document.child(service.map, "scale");
      const most = document.child(scale, document.string(scale, "mode") === "fixed" ? "replicas" : "max");
      if (most !== undefined && document.number(most) === 0) {
        yield { range: document.range(most), message: `With 0 replicas \`${service.name}\` never runs.` };
      }
    }
  },
};

/** An image without a tag is another one tomorrow. */
export const imageWithoutTag: Rule = {
  code: "image-without-tag",
  severity: DiagnosticSeverity.Hint,
  *check(document) {
    for (const service of document.services) {
      const name = document.child(document.child(service.map, "image"), "name");
      const text = document.scalar(name);
      if (
        name === undefined ||
        text === undefined ||
        text === "" ||
        text.includes("@") ||
        text.includes("$") ||
        text.includes("://")
      ) {
        continue;
      }
      const tag = /:([^/:]+)$/.exec(text)?.[1];
      if (tag === undefined || tag === "latest") {
        yield {
          range: document.range(name),
          message: `\`${text}\` may be another image tomorrow. Name a version, for example \`${text.replace(/:latest$/, "")}:1.2\`.`,
        };
      }
    }
  },
};
