import { DiagnosticSeverity } from "vscode-languageserver/node";
import { closest } from "../closest";
import type { Rule } from "./rule";
import { select } from "./select";

const CAPABILITIES =
  "AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM ALL".split(
    " ",
  );
const SIGNALS =
  "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS".split(
    " ",
  );
const LIMITS =
  "as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack".split(" ");

interface Names {
  pattern: string;
  what: string;
  names: string[];
  /** The name that a spelling means. */
  normal(text: string): string;
  isKey?: true;
}

const upper = (prefix: string) => (text: string) => {
  const name = text.toUpperCase();
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
};

const KNOWN: Names[] = [
  { pattern: "services.*.capabilities.[]", what: "Linux capability", names: CAPABILITIES, normal: upper("CAP_") },
  { pattern: "services.*.cap_add.[]", what: "Linux capability", names: CAPABILITIES, normal: upper("CAP_") },
  { pattern: "services.*.cap_drop.[]", what: "Linux capability", names: CAPABILITIES, normal: upper("CAP_") },
  { pattern: "services.*.stop_signal", what: "signal", names: SIGNALS, normal: upper("SIG") },
  { pattern: "services.*.ulimits.*", what: "limit", names: LIMITS, normal: (text) => text.toLowerCase(), isKey: true },
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
    for (const { pattern, what, names, normal, isKey } of KNOWN) {
      for (const { node, field, text } of select(document, pattern)) {
        const written = isKey === true ? field.name : text;
        const isNumber = what === "signal" && /^\d+$/.test(written ?? "");
        if (written === undefined || written === "" || isNumber || names.includes(normal(written))) {
          continue;
        }
        const range = document.range(isKey === true ? field.key : node);
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
