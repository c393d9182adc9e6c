import type { Diagnostic, Range } from "vscode-languageserver/node";
import { rulePage } from "../rule-pages";
import type { SpecDocument } from "../spec-document";
import type { Part } from "../spec-tree";
import { duplicateKey, duplicateService } from "./duplicate-key";
import { hasNoEffect } from "./has-no-effect";
import { ignoredKey } from "./ignored-key";
import { initParameters, unknownInitAction } from "./init-steps";
import { inlineSecret } from "./inline-secret";
import { deploymentName, nullIsText, secretReference, serviceName, variableName } from "./names";
import { noNodeFits } from "./no-node-fits";
import { overlaysInPart } from "./overlays-in-part";
import { endpointPortTwice, networkNone } from "./ports";
import { duplicateRole, unknownRole } from "./replica-groups";
import type { Finding, Rule } from "./rule";
import { scaleOmitted } from "./scale-omitted";
import { imageWithoutTag, neverRuns, twoKindsOfJob, waitsForJob } from "./services";
import { decimalMode, mountTwice, relativePath, storageName } from "./storage";
import { unknownName } from "./unknown-name";
import { unreadableText } from "./unreadable-text";
import { valueOutOfRange } from "./value-out-of-range";

export const rules: Rule[] = [
  overlaysInPart,
  scaleOmitted,
  inlineSecret,
  duplicateKey,
  duplicateService,
  waitsForJob,
  valueOutOfRange,
  unknownName,
  unreadableText,
  ignoredKey,
  hasNoEffect,
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
  imageWithoutTag,
  noNodeFits,
];

/** Rules that look at one service at a time, or at the top level alone; what they find in a service is kept until it changes. */
const WITHIN: ReadonlySet<Rule> = new Set([
  overlaysInPart,
  scaleOmitted,
  inlineSecret,
  duplicateKey,
  valueOutOfRange,
  unknownName,
  unreadableText,
  ignoredKey,
  hasNoEffect,
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
  imageWithoutTag,
]);

interface Found {
  rule: Rule;
  finding: Finding;
}

/** What was found in a service whose first line was `line`. */
const kept = new WeakMap<Part, { line: number; found: Found[] }>();

/** What our own rules find, without what an error at the same place says already. */
export function findings(document: SpecDocument, errors: Diagnostic[]): Diagnostic[] {
  const said = new Set(errors.map((error) => place(error)));
  return found(document)
    .filter(({ finding }) => !said.has(place(finding)))
    .map(({ rule, finding }) => ({
      range: finding.range,
      severity: rule.severity,
      code: rule.code,
      ...rulePage(rule.code),
      source: "zlayer",
      message: finding.message,
      ...(finding.tags === undefined ? {} : { tags: finding.tags }),
    }));
}

/** Every finding with its rule. */
export function found(document: SpecDocument): Found[] {
  const { parts } = document;
  if (parts === undefined) {
    return apply(rules, document);
  }
  const within = rules.filter((rule) => WITHIN.has(rule));
  const across = rules.filter((rule) => !WITHIN.has(rule));
  return [
    ...apply(within, document.view()),
    ...parts.flatMap((part) => foundIn(within, document, part)),
    ...apply(across, document),
  ];
}

function apply(some: Rule[], document: SpecDocument): Found[] {
  return some.flatMap((rule) => [...rule.check(document)].map((finding) => ({ rule, finding })));
}

function foundIn(within: Rule[], document: SpecDocument, part: Part): Found[] {
  const { line } = document.position(part.offset);
  const known = kept.get(part);
  if (known === undefined) {
    const fresh = apply(within, document.view(part));
    if (!part.hasAliases) {
      kept.set(part, { line, found: fresh });
    }
    return fresh;
  }
  if (known.line !== line) {
    const by = line - known.line;
    kept.set(part, { line, found: known.found.map(({ rule, finding }) => ({ rule, finding: moved(finding, by) })) });
  }
  return kept.get(part)?.found ?? [];
}

/** A finding some lines further down. */
function moved(finding: Finding, lines: number): Finding {
  const move = ({ start, end }: Range): Range => ({
    start: { line: start.line + lines, character: start.character },
    end: { line: end.line + lines, character: end.character },
  });
  return {
    ...finding,
    range: move(finding.range),
    ...(finding.fixes === undefined
      ? {}
      : {
          fixes: finding.fixes.map(({ title, edits }) => ({
            title,
            edits: edits.map(({ range, newText }) => ({ range: move(range), newText })),
          })),
        }),
  };
}

function place({ range }: { range: Range }): string {
  return `${range.start.line}:${range.start.character}`;
}
