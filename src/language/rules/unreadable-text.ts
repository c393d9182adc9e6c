import { isIP } from "node:net";
import { DiagnosticSeverity } from "vscode-languageserver/node";
import type { Rule } from "./rule";
import { select } from "./select";

const DURATION =
  /^\s*(\d+(\.\d+)?\s*(nanos|nsec|ns|usec|us|millis|msec|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|hr|h|days?|d|weeks?|wks?|w|months?|M|years?|yrs?|y)\s*)+$/;
const SIZE = /^\+?0*[1-9]\d*(Ki|Mi|Gi|Ti)$/;

interface Format {
  pattern: string;
  what: string;
  reads(text: string): boolean;
  example: string;
}

const size = (pattern: string): Format => ({
  pattern,
  what: "an amount of memory or disk",
  reads: (text) => SIZE.test(text),
  example: "512Mi",
});
const duration = (pattern: string): Format => ({
  pattern,
  what: "a duration",
  reads: (text) => DURATION.test(text),
  example: "30s",
});

const FORMATS: Format[] = [
  { ...size("services.*.resources.memory_swap"), reads: (text) => SIZE.test(text) || text === "-1" },
  size("services.*.resources.memory_reservation"),
  size("services.*.storage.[].size"),
  duration("services.*.endpoints.[].stream.session_timeout"),
  duration("services.*.restart_policy.delay"),
  {
    pattern: "services.*.health.check.url",
    what: "an http or https address",
    reads: isHttp,
    example: "http://localhost:8080/health",
  },
  {
    pattern: "services.*.init.steps.[].with.url",
    what: "an http or https address",
    reads: isHttp,
    example: "http://db:8080/ready",
  },
  { pattern: "services.*.dns.[]", what: "an IP address", reads: (text) => isIP(text) !== 0, example: "1.1.1.1" },
  {
    pattern: "services.*.port_mappings.[].host_ip",
    what: "an IP address",
    reads: (text) => text === "" || isIP(text) !== 0,
    example: "127.0.0.1",
  },
  {
    pattern: "services.*.extra_hosts.[]",
    what: "a name and an address",
    reads: (text) => {
      const [name, ...rest] = text.split(":");
      return name !== "" && (rest.join(":") === "host-gateway" || isIP(rest.join(":").replace(/^\[|\]$/g, "")) !== 0);
    },
    example: "db:10.0.0.5",
  },
  {
    pattern: "services.*.expose.[]",
    what: "a port",
    reads: (text) => /^\d+(-\d+)?(\/(tcp|udp))?$/.test(text),
    example: "8080/tcp",
  },
  {
    pattern: "api.bind",
    what: "an address and a port",
    reads: (text) => /^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/.test(text),
    example: "127.0.0.1:3669",
  },
];

/** Text that ZLayer stores unread and cannot use later. */
export const unreadableText: Rule = {
  code: "unreadable-text",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    for (const { pattern, what, reads, example } of FORMATS) {
      for (const { node, text } of select(document, pattern)) {
        if (text !== undefined && text !== "" && !text.startsWith("$E:") && !reads(text)) {
          yield {
            range: document.range(node),
            message: `\`${text}\` is not ${what}, for example \`${example}\`; ZLayer finds out only when the service starts.`,
          };
        }
      }
    }
  },
};

function isHttp(text: string): boolean {
  try {
    return ["http:", "https:"].includes(new URL(text.replace(/\$\{[^}]*\}/g, "x")).protocol);
  } catch {
    return false;
  }
}
