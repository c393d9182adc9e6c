import { DiagnosticSeverity } from "vscode-languageserver/node";
import { closest } from "../closest";
import type { Rule } from "./rule";
import { select } from "./select";

const CAPABILITIES =
  "AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM ALL".split(
    " ",
  );

interface Names {
  pattern: string;
  what: string;
  names: string[];
  /** The name that a spelling means. */
  normal(text: string): string;
}

function capability(text: string): string {
  return text.toUpperCase().replace(/^CAP_/, "");
}

const KNOWN: Names[] = [
  { pattern: "services.*.capabilities.[]", what: "Linux capability", names: CAPABILITIES, normal: capability },
  { pattern: "services.*.cap_add.[]", what: "Linux capability", names: CAPABILITIES, normal: capability },
  { pattern: "services.*.cap_drop.[]", what: "Linux capability", names: CAPABILITIES, normal: capability },
  {
    pattern: "services.*.resources.gpu.vendor",
    what: "GPU vendor",
    names: ["nvidia", "amd", "intel", "apple"],
    normal: (text) => text,
  },
  { pattern: "services.*.resources.gpu.mode", what: "GPU mode", names: ["native", "vm"], normal: (text) => text },
  {
    pattern: "services.*.logs.destination",
    what: "log destination",
    names: ["disk", "memory"],
    normal: (text) => text,
  },
];

/** Names that ZLayer takes as free text although only some of them mean anything. */
export const unknownName: Rule = {
  code: "unknown-name",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    for (const { pattern, what, names, normal } of KNOWN) {
      for (const { node, text: written } of select(document, pattern)) {
        if (written === undefined || written === "" || names.includes(normal(written))) {
          continue;
        }
        const range = document.range(node);
        const close = closest(normal(written), names);
        const advice =
          close === undefined
            ? names.length <= 8
              ? ` Known are ${names.join(", ")}.`
              : ""
            : ` Did you mean \`${close}\`?`;
        yield {
          range,
          message: `\`${written}\` is no ${what}.${advice}`,
          ...(close === undefined
            ? {}
            : { fixes: [{ title: `Change to \`${close}\``, edits: [{ range, newText: close }] }] }),
        };
      }
    }
  },
};
