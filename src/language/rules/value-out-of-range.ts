import { DiagnosticSeverity } from "vscode-languageserver/node";
import type { Rule } from "./rule";
import { select } from "./select";

/** Where, the least, the most, and what the number is. */
const RANGES: [pattern: string, least: number, most: number, what: string][] = [
  ["services.*.resources.gpu.count", 1, 1024, "A number of GPUs"],
  ["services.*.resources.memory_swappiness", 0, 100, "Swappiness"],
  ["services.*.resources.blkio_weight", 10, 1000, "A block IO weight"],
  ["services.*.resources.oom_score_adj", -1000, 1000, "An OOM score"],
  ["services.*.resources.cpu_shares", 2, 262_144, "A CPU share"],
  ["services.*.scale.targets.cpu", 1, 100, "A target of CPU use, in percent,"],
  ["services.*.scale.targets.memory", 1, 100, "A target of memory use, in percent,"],
  ["services.*.scale.vertical.percentile", 1, 100, "A percentile"],
  ["services.*.health.retries", 1, 1000, "A number of retries"],
  ["services.*.health.check.expect_status", 100, 599, "An HTTP status"],
  ["services.*.endpoints.[].target_port", 1, 65_535, "A port"],
  ["services.*.port_mappings.[].container_port", 1, 65_535, "A port"],
  ["services.*.init.steps.[].with.port", 1, 65_535, "A port"],
  ["services.*.init.steps.[].with.expect_status", 100, 599, "An HTTP status"],
];

/** Numbers that ZLayer stores as they are and the kernel or the proxy refuses later. */
export const valueOutOfRange: Rule = {
  code: "value-out-of-range",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    for (const [pattern, least, most, what] of RANGES) {
      for (const { node } of select(document, pattern)) {
        const value = document.number(node);
        if (value !== undefined && (value < least || value > most)) {
          yield {
            range: document.range(node),
            message: `${what} is ${least} to ${most}; ${value} fails when the service starts.`,
          };
        }
      }
    }
  },
};
