import { DiagnosticSeverity, DiagnosticTag } from "vscode-languageserver/node";
import type { SpecDocument } from "../spec-document";
import { removeField } from "../text-edits";
import type { Rule } from "./rule";
import { type Selected, select } from "./select";

interface Idle {
  pattern: string;
  /** Why it does nothing, or undefined where it does something. */
  why(document: SpecDocument, selected: Selected): string | undefined;
}

const IDLE: Idle[] = [
  {
    pattern: "services.*.restart_policy.max_attempts",
    why: (document, { owner }) =>
      document.string(owner, "kind") === "on_failure" ? undefined : "attempts are counted only with `kind: on_failure`",
  },
  {
    pattern: "services.*.endpoints.[].stream",
    why: (document, { owner }) => {
      const protocol = document.string(owner, "protocol");
      return protocol === undefined || ["tcp", "udp"].includes(protocol)
        ? undefined
        : "it is for the protocols tcp and udp";
    },
  },
  {
    pattern: "services.*.endpoints.[].path",
    why: (document, { owner }) =>
      ["tcp", "udp"].includes(document.string(owner, "protocol") ?? "") ? "tcp and udp know no paths" : undefined,
  },
  {
    pattern: "services.*.isolation",
    why: (document, { owner, text }) =>
      text === "auto" || document.string(document.child(owner, "platform"), "os") === "windows"
        ? undefined
        : "it is read on Windows only",
  },
  {
    pattern: "services.*.overlay.parent",
    why: (_document, { text }) =>
      text === "cluster" ? undefined : "only `cluster` is known, and ZLayer falls back to it",
  },
  {
    pattern: "services.*.resources.gpu.time_slice_index",
    why: (document, { owner }) =>
      document.string(owner, "sharing") === "time-slice" ? undefined : "it needs `sharing: time-slice`",
  },
  {
    pattern: "services.*.resources.gpu.mps_pipe_dir",
    why: (document, { owner }) => (document.string(owner, "sharing") === "mps" ? undefined : "it needs `sharing: mps`"),
  },
];

/** Settings that are accepted and then not looked at. */
export const hasNoEffect: Rule = {
  code: "has-no-effect",
  severity: DiagnosticSeverity.Information,
  *check(document) {
    for (const { pattern, why } of IDLE) {
      for (const selected of select(document, pattern)) {
        const reason = why(document, selected);
        if (reason !== undefined) {
          yield {
            range: document.range(selected.field.key),
            message: `\`${selected.field.name}\` does nothing here: ${reason}.`,
            tags: [DiagnosticTag.Unnecessary],
            fixes: [{ title: `Remove \`${selected.field.name}\``, edits: removeField(document, selected.field) }],
          };
        }
      }
    }
  },
};
