import { DiagnosticSeverity } from "vscode-languageserver/node";
import type { Rule } from "./rule";
import { select } from "./select";

/** Paths inside a container begin with a slash. Those of mounts are the engine's matter (`invalid-path`). */
export const relativePath: Rule = {
  code: "relative-path",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    for (const pattern of ["services.*.devices.[].path", "services.*.command.workdir"]) {
      for (const { node, text } of select(document, pattern)) {
        if (
          text !== undefined &&
          text !== "" &&
          !text.startsWith("/") &&
          !text.startsWith("$") &&
          !/^[A-Za-z]:[\\/]/.test(text)
        ) {
          yield {
            range: document.range(node),
            message: `\`${text}\` does not begin with a slash, and there is nothing that it could be relative to. Write the whole path.`,
          };
        }
      }
    }
  },
};

/** Names that the engine takes; others it refuses (`invalid-volume-name`). */
const VOLUME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** The form of a volume's name that ZLayer wrote down and never checks. */
export const storageName: Rule = {
  code: "storage-name",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    for (const { node, text } of select(document, "services.*.storage.[].name")) {
      if (
        text !== undefined &&
        VOLUME.test(text) &&
        (text.length > 63 || !/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(text))
      ) {
        const name = dashed(text);
        const range = document.range(node);
        yield {
          range,
          message: `\`${text}\` cannot name a volume everywhere: use 1 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends.`,
          ...(name === "" ? {} : { fixes: [{ title: `Change to \`${name}\``, edits: [{ range, newText: name }] }] }),
        };
      }
    }
  },
};

/** Two mounts at one place: the later hides the earlier. */
export const mountTwice: Rule = {
  code: "mount-twice",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    for (const service of document.services) {
      const taken = new Set<string>();
      for (const mount of document.items(document.child(service.map, "storage"))) {
        const target = document.child(mount, "target");
        const path = (document.scalar(target) ?? "").replace(/(?<=.)\/+$/, "");
        if (target !== undefined && path !== "" && taken.has(path)) {
          yield {
            range: document.range(target),
            message: `Something is mounted at \`${path}\` already; this hides it. Choose another \`target\`.`,
          };
        }
        taken.add(path);
      }
    }
  },
};

/** Permissions are octal; a decimal number that looks like them means others. */
export const decimalMode: Rule = {
  code: "decimal-mode",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    for (const { node, text } of select(document, "services.*.storage.[].mode")) {
      if (text !== undefined && /^[1-7]?[0-7]{3}$/.test(text) && !text.startsWith("0")) {
        const range = document.range(node);
        yield {
          range,
          message: `This is the decimal number ${text}, which as permissions is 0o${Number(text).toString(8)}. Write \`0o${text}\` for ${text} as \`chmod\` means it.`,
          fixes: [{ title: `Write \`0o${text}\``, edits: [{ range, newText: `0o${text}` }] }],
        };
      }
    }
  },
};

export function dashed(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 63);
}
