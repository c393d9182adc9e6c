import { DiagnosticSeverity } from "vscode-languageserver/node";
import { entryEdit } from "../text-edits";
import type { Rule } from "./rule";

const OVERLAYS = ["service", "global"];

/** ZLayer's default for a missing overlay is "off and unencrypted" as soon as `overlays` is written at all. */
export const overlaysInPart: Rule = {
  code: "overlays-in-part",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    for (const service of document.services) {
      const overlays = document.field(document.child(service.map, "network"), "overlays");
      if (overlays === undefined || document.map(overlays.value) === undefined) {
        continue;
      }
      const missing = OVERLAYS.filter((name) => document.field(overlays.value, name) === undefined);
      if (missing.length === 0) {
        continue;
      }
      const names = missing.map((name) => `\`${name}\``).join(" and ");
      yield {
        range: document.range(overlays.key),
        message: `This turns the overlay ${names} off, and its encryption with it: an overlay that is not named here is disabled. Name both, or leave \`overlays\` out to have both on and encrypted.`,
        fixes: [
          {
            title: `Write ${names} with its usual settings`,
            edits: entryEdit(
              document,
              overlays,
              missing.map((name) => ({
                name,
                value: { enabled: true, encrypted: true, isolated: name === "service" },
              })),
            ),
          },
        ],
      };
    }
  },
};
