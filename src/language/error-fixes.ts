import type { Range } from "vscode-languageserver/node";
import { COMPOSE_FIELDS } from "./compose-fields";
import { impossibleFixes } from "./impossible-fixes";
import type { Fix } from "./rules/rule";
import { lackingCapabilities } from "./schema";
import type { SpecDocument } from "./spec-document";
import type { SpecProblem } from "./spec-validator";
import { entryEdit, replaceField } from "./text-edits";

/** Fixes for what the validator refuses, where one is mechanical. */
export function errorFixes(document: SpecDocument, problem: SpecProblem, at: Range): Fix[] {
  const text = document.text.slice(document.offset(at.start), document.offset(at.end));
  const replace = (title: string, newText: string): Fix => ({ title, edits: [{ range: at, newText }] });
  const suggestion = /Did you mean `([^`]+)`/.exec(problem.message)?.[1];
  if (suggestion !== undefined) {
    return [replace(`Change to \`${suggestion}\``, suggestion)];
  }
  const call = /call it `([^`]+)`/.exec(problem.message)?.[1];
  if (problem.code === "unknown-field" && call !== undefined) {
    return [replace(`Call it \`${call}\``, call)];
  }
  const instead = /write `([^`]+)`\.$/.exec(problem.message)?.[1];
  if (instead !== undefined && (problem.code === "invalid-memory-format" || problem.code === "invalid-cron-schedule")) {
    const quote = /^["']/.exec(text)?.[0] ?? (problem.code === "invalid-cron-schedule" ? '"' : "");
    return [replace(`Write \`${instead}\``, `${quote}${instead}${quote}`)];
  }
  if (problem.code === "invalid-version") {
    return [replace("Write `v1`", "v1")];
  }
  if (problem.code === "wrong-type" && /\.image$/.test(problem.path) && /^[^{[]/.test(text)) {
    return [replace("Write the image as a mapping", `{ name: ${text} }`)];
  }
  if (problem.code === "wrong-type" && /\.command$/.test(problem.path) && text.startsWith("[")) {
    return [replace("Write the list as `args`", `{ args: ${text} }`)];
  }
  if (problem.code === "wrong-type" && /\.mode$/.test(problem.path) && /^0[0-7]{3,4}$/.test(text)) {
    return [replace(`Write \`0o${text.slice(1)}\``, `0o${text.slice(1)}`)];
  }
  const truth = { yes: "true", on: "true", y: "true", no: "false", off: "false", n: "false" }[text.toLowerCase()];
  if (problem.code === "wrong-type" && truth !== undefined && problem.message.includes("true or false")) {
    return [replace(`Write \`${truth}\``, truth)];
  }
  if (problem.code === "invalid-duration" && /^\d+$/.test(text)) {
    return [replace(`Write \`${text}s\``, `${text}s`)];
  }
  if (problem.code === "self-dependency" || problem.code === "invalid-path" || problem.code === "invalid-volume-name") {
    return impossibleFixes(document, problem);
  }
  if (problem.code === "wasm-capability") {
    return capabilityFix(document, problem);
  }
  return problem.code === "wrong-type" || problem.code === "unknown-field" ? composeFix(document, problem) : [];
}

/** Turns off everything that the service's world lacks, not only what was found first. */
function capabilityFix(document: SpecDocument, problem: SpecProblem): Fix[] {
  const [, service = "", part = ""] = /^services\.(.+)\.(wasm|wasm_http)\.capabilities/.exec(problem.path) ?? [];
  const map = document.service(service)?.map;
  const field = document.field(document.child(map, part), "capabilities");
  if (field === undefined) {
    return [];
  }
  const lacking = lackingCapabilities(document.string(map, "service_type") ?? "");
  const written = document.fields(field.value);
  const turned = written
    .filter(({ name, value }) => lacking.some((other) => other.name === name) && document.scalar(value) !== "false")
    .map(({ value }) => ({ range: document.range(value), newText: "false" }));
  const added = lacking
    .filter(({ name, isDefault }) => isDefault && !written.some((own) => own.name === name))
    .map(({ name }) => ({ name, value: false }));
  const edits = [...turned, ...(added.length > 0 ? entryEdit(document, field, added) : [])];
  return edits.length > 0 ? [{ title: "Turn off the capabilities that this kind of module cannot have", edits }] : [];
}

/** What Compose writes, as a spec writes it. */
function composeFix(document: SpecDocument, problem: SpecProblem): Fix[] {
  const [, service, name] = /^services\.(.+)\.([a-z_]+)$/.exec(problem.path) ?? [];
  const map = document.service(service ?? "")?.map;
  const field = name === undefined ? undefined : document.field(map, name);
  const convert = COMPOSE_FIELDS[name ?? ""];
  if (map === undefined || field === undefined || convert === undefined || document.yaml === undefined) {
    return [];
  }
  const value: unknown = field.value?.toJS(document.yaml);
  const converted = convert(value);
  const added = Object.keys(converted?.fields ?? {});
  // Two fields of one name would be worse than none: what is there already is the user's to merge.
  if (
    converted === undefined ||
    added.length === 0 ||
    added.some((own) => own !== name && document.field(map, own) !== undefined)
  ) {
    return [];
  }
  return [
    {
      title: `Write it as \`${added.join("`, `")}\``,
      edits: replaceField(document, field, converted.fields, map.flow === true),
    },
  ];
}
