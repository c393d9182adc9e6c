import { DiagnosticSeverity } from "vscode-languageserver/node";
import { closest } from "../closest";
import { ACTIONS } from "../init-actions";
import type { Rule } from "./rule";

/** ZLayer looks at an action's name only when the step runs. */
export const unknownInitAction: Rule = {
  code: "unknown-init-action",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    for (const service of document.services) {
      for (const step of document.items(document.at(service.map, "init", "steps"))) {
        const uses = document.child(step, "uses");
        const name = document.scalar(uses);
        if (uses === undefined || name === undefined || name in ACTIONS) {
          continue;
        }
        const close = closest(name, Object.keys(ACTIONS));
        const range = document.range(uses);
        yield {
          range,
          message: `There is no action \`${name}\`. Known are ${Object.keys(ACTIONS).join(", ")}.`,
          ...(close === undefined
            ? {}
            : { fixes: [{ title: `Change to \`${close}\``, edits: [{ range, newText: close }] }] }),
        };
      }
    }
  },
};

/** What an action reads from `with`, looked at only when the step runs. */
export const initParameters: Rule = {
  code: "init-parameters",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    for (const service of document.services) {
      for (const step of document.items(document.at(service.map, "init", "steps"))) {
        const uses = document.field(step, "uses");
        const parameters = ACTIONS[document.scalar(uses?.value) ?? ""];
        if (uses === undefined || parameters === undefined) {
          continue;
        }
        const given = document.fields(document.child(step, "with"));
        for (const [name, { required }] of Object.entries(parameters)) {
          if (required && !given.some((field) => field.name === name)) {
            yield {
              range: document.range(uses.value),
              message: `\`${document.scalar(uses.value)}\` needs \`${name}\` under \`with\`.`,
            };
          }
        }
        for (const field of given) {
          const parameter = parameters[field.name];
          if (parameter === undefined) {
            yield {
              range: document.range(field.key),
              message: `\`${document.scalar(uses.value)}\` does not read \`${field.name}\`. It reads ${Object.keys(parameters).join(", ")}.`,
            };
          } else if (parameter.kind === "whole number" && !/^\d+$/.test(document.scalar(field.value) ?? "")) {
            const unit = field.name === "timeout" ? " of seconds: here, unlike elsewhere, no unit is written" : "";
            yield { range: document.range(field.value), message: `\`${field.name}\` is a whole number${unit}.` };
          }
        }
      }
    }
  },
};
