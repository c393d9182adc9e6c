// Fixes for what the engine refuses because it could never run.
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import type { Fix } from "./rules/rule";
import { dashed } from "./rules/storage";
import type { SpecDocument, SpecNode } from "./spec-document";
import type { SpecProblem } from "./spec-validator";
import { removeItem } from "./text-edits";

/** The mechanical fixes of `self-dependency`, `invalid-path` and `invalid-volume-name`, the likeliest first. */
export function impossibleFixes(document: SpecDocument, problem: SpecProblem): Fix[] {
  const [, service = "", list = "", number = "", name = ""] =
    /^services\.(.+)\.(depends|storage)\[(\d+)\]\.([a-z_]+)$/.exec(problem.path) ?? [];
  const item = document.items(document.child(document.service(service)?.map, list))[Number(number)];
  const node = document.child(item, name);
  const text = document.scalar(node);
  if (item === undefined || node === undefined || text === undefined) {
    return [];
  }
  const range = document.range(node);
  if (problem.code === "self-dependency") {
    return [{ title: "Remove this dependency", edits: removeItem(document, item) }];
  }
  if (problem.code === "invalid-path" && name === "source") {
    return [...wholeSource(document, node, text), ...asVolume(document, item, node, text)];
  }
  const better = problem.code === "invalid-path" ? wholeTarget(text) : dashed(text);
  return better === "" ? [] : [{ title: `Change to \`${better}\``, edits: [{ range, newText: scalar(better) }] }];
}

/** A path inside the container from its root; empty where there is no telling which. */
function wholeTarget(text: string): string {
  return text.split("/").includes("..") || /^[~$]|^[A-Za-z]:/.test(text) ? "" : posix.join("/", text);
}

/** A path on the machine, as it is meant beside this file. */
function wholeSource(document: SpecDocument, node: SpecNode, text: string): Fix[] {
  if (!document.uri.startsWith("file:") || /^[~$]|^[A-Za-z]:|^$/.test(text)) {
    return [];
  }
  const directory = posix.dirname(fileURLToPath(document.uri));
  const path = posix.join(directory, text);
  // A file on Windows has a drive; the engine's machine has none.
  return path.startsWith("/")
    ? [{ title: `Change to \`${path}\``, edits: [{ range: document.range(node), newText: scalar(path) }] }]
    : [];
}

/** A bind as a volume that the engine keeps. */
function asVolume(document: SpecDocument, item: SpecNode, node: SpecNode, text: string): Fix[] {
  const [type, source] = [document.child(item, "type"), document.field(item, "source")];
  const name = dashed(text);
  if (type === undefined || source === undefined || name === "") {
    return [];
  }
  return [
    {
      title: `Use a volume \`${name}\` of the engine`,
      edits: [
        { range: document.range(type), newText: "named" },
        { range: document.range(source.key), newText: "name" },
        { range: document.range(node), newText: name },
      ],
    },
  ];
}

/** A text as it can stand in a list or mapping of either style. */
function scalar(text: string): string {
  return /^[\w/.-]+$/.test(text) ? text : stringify(text, { defaultStringType: "QUOTE_DOUBLE" }).trimEnd();
}
