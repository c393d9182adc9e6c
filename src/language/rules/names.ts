import { DiagnosticSeverity } from "vscode-languageserver/node";
import type { Rule } from "./rule";
import { select } from "./select";

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Services find each other by name in the DNS, which knows only some names. */
export const serviceName: Rule = {
  code: "service-name",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    for (const { name, key } of document.services) {
      if (!LABEL.test(name)) {
        yield {
          range: document.range(key),
          message: `\`${name}\` cannot be found in the DNS: use 1 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends.`,
        };
      }
    }
  },
};

/** ZLayer takes upper case and a hyphen at the end, and then uses the name in the DNS. */
export const deploymentName: Rule = {
  code: "deployment-name",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    for (const { node, text } of select(document, "deployment")) {
      if (text !== undefined && /^[A-Za-z0-9][A-Za-z0-9-]{2,62}$/.test(text) && !LABEL.test(text)) {
        const name = text.toLowerCase().replace(/-+$/, "");
        const range = document.range(node);
        yield {
          range,
          message: `\`${text}\` is also a name in the DNS, which knows no upper case and no hyphen at the end.`,
          fixes: [{ title: `Change to \`${name}\``, edits: [{ range, newText: name }] }],
        };
      }
    }
  },
};

/** Names of environment variables that a shell cannot read. */
export const variableName: Rule = {
  code: "variable-name",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    for (const { field } of select(document, "services.*.env.*")) {
      if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(field.name)) {
        yield {
          range: document.range(field.key),
          message: `\`${field.name}\` cannot name an environment variable: use letters, digits and underscores.`,
        };
      }
    }
  },
};

/** `A: null` is the text "null", not an absent variable. */
export const nullIsText: Rule = {
  code: "null-is-text",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    for (const { node, field } of select(document, "services.*.env.*")) {
      const source = document.text.slice(node.range?.[0] ?? 0, node.range?.[1] ?? 0);
      if (source === "null" || source === "~") {
        const range = document.range(node);
        yield {
          range,
          message: `\`${field.name}\` gets the text \`${source}\`. Write \`""\` for an empty value, or leave the variable out.`,
          fixes: [{ title: "Make it empty", edits: [{ range, newText: '""' }] }],
        };
      }
    }
  },
};

/** The form of a reference to a secret that ZLayer wrote down and never checks. */
export const secretReference: Rule = {
  code: "secret-reference",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    for (const { node, text } of select(document, "services.*.env.*")) {
      if (text?.startsWith("$S:") && !/^\$S:(@[A-Za-z][A-Za-z0-9_-]*\/)?[A-Za-z][A-Za-z0-9_-]*$/.test(text)) {
        yield {
          range: document.range(node),
          message: `\`${text}\` names no secret. Write \`$S:name\` or \`$S:@service/name\`; a name begins with a letter and goes on with letters, digits, - and _.`,
        };
      }
      if (text?.startsWith("$E:") && !/^\$E:[A-Za-z_][A-Za-z0-9_]*$/.test(text)) {
        yield { range: document.range(node), message: `\`${text}\` names no environment variable. Write \`$E:NAME\`.` };
      }
    }
  },
};
