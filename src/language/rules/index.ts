import type { Diagnostic } from "vscode-languageserver/node";
import { rulePage } from "../rule-pages";
import type { SpecDocument } from "../spec-document";
import { dependencyCycle, selfDependency } from "./dependencies";
import { duplicateKey } from "./duplicate-key";
import { hasNoEffect } from "./has-no-effect";
import { ignoredKey } from "./ignored-key";
import { initParameters, unknownInitAction } from "./init-steps";
import { inlineSecret } from "./inline-secret";
import { deploymentName, nullIsText, secretReference, serviceName, variableName } from "./names";
import { overlaysInPart } from "./overlays-in-part";
import { endpointPortTwice, networkNone, portClash } from "./ports";
import { duplicateRole, unknownRole } from "./replica-groups";
import type { Finding, Rule } from "./rule";
import { scaleOmitted } from "./scale-omitted";
import { imageWithoutTag, neverRuns, softAboveHard, twoKindsOfJob, waitsForJob } from "./services";
import { decimalMode, mountTwice, relativePath, storageName } from "./storage";
import { unknownName } from "./unknown-name";
import { unreadableText } from "./unreadable-text";
import { valueOutOfRange } from "./value-out-of-range";

export const rules: Rule[] = [
  overlaysInPart,
  scaleOmitted,
  inlineSecret,
  duplicateKey,
  dependencyCycle,
  selfDependency,
  waitsForJob,
  valueOutOfRange,
  unknownName,
  unreadableText,
  ignoredKey,
  hasNoEffect,
  portClash,
  endpointPortTwice,
  networkNone,
  relativePath,
  storageName,
  mountTwice,
  decimalMode,
  serviceName,
  deploymentName,
  variableName,
  nullIsText,
  secretReference,
  duplicateRole,
  unknownRole,
  unknownInitAction,
  initParameters,
  twoKindsOfJob,
  neverRuns,
  softAboveHard,
  imageWithoutTag,
];

/** What our own rules find, without what an error at the same place says already. */
export function findings(document: SpecDocument, errors: Diagnostic[]): Diagnostic[] {
  const said = new Set(errors.map((error) => place(error)));
  return found(document)
    .map(({ rule, finding }) => ({
      range: finding.range,
      severity: rule.severity,
      code: rule.code,
      ...rulePage(rule.code),
      source: "zlayer",
      message: finding.message,
      ...(finding.tags === undefined ? {} : { tags: finding.tags }),
    }))
    .filter((diagnostic) => !said.has(place(diagnostic)));
}

/** Every finding with its rule. */
export function found(document: SpecDocument): { rule: Rule; finding: Finding }[] {
  return rules.flatMap((rule) => [...rule.check(document)].map((finding) => ({ rule, finding })));
}

function place({ range }: { range: Diagnostic["range"] }): string {
  return `${range.start.line}:${range.start.character}`;
}
