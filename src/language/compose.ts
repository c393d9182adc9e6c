// A whole Compose file as a spec, with a list of what could not be carried over.
import { parseDocument, stringify } from "yaml";
import { COMPOSE_FIELDS } from "./compose-fields";
import { fitEngine } from "./compose-limits";
import { interpolate, interpolateService } from "./compose-variables";

export interface ComposeConversion {
  /** The spec, as YAML. */
  spec: string;
  /** What has no counterpart, with the path in the Compose file. */
  lost: string[];
}

/** Top-level parts of Compose that need no counterpart. */
const NEEDLESS = ["version", "name", "services", "volumes", "networks"];

/**
 * @param text a Compose file
 * @param deployment what to call the deployment when the file names none
 * @param directory of the Compose file, a whole path, where its relative mounts begin; those are reported as lost without it
 * @throws Error when the text is not YAML, has no services or holds what no program can be given
 */
export function convertCompose(text: string, deployment: string, directory?: string): ComposeConversion {
  const document = parseDocument(text, { merge: true, uniqueKeys: false, logLevel: "silent" });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new Error(`The Compose file is not valid YAML: ${error.message.split("\n")[0]}`);
  }
  const file: unknown = document.toJS({ maxAliasCount: 1000 });
  if (!isRecord(file) || !isRecord(file["services"])) {
    throw new Error("This is no Compose file: it has no `services`.");
  }
  const lost = Object.keys(file)
    .filter((name) => !NEEDLESS.includes(name) && !name.startsWith("x-"))
    .map((name) => name);
  const missing = new Set<string>();
  const miss = (name: string) => missing.add(name);
  const services: Record<string, Record<string, unknown>> = {};
  for (const [name, value] of Object.entries(file["services"])) {
    services[name] = service(interpolateService(isRecord(value) ? value : {}, miss), `services.${name}`, lost);
  }
  fitEngine(services, directory, lost);
  if (JSON.stringify(services).includes("\\u0000")) {
    throw new Error("This Compose file holds a NUL character, which no program can be given. Remove it.");
  }
  const called = String(interpolate(file["name"], miss) ?? deployment);
  lost.push(...[...missing].map((name) => `the variable ${name}: it has no default, and was read as empty`));
  const spec = { version: "v1", deployment: deploymentName(called), services };
  const notes =
    lost.length === 0
      ? ""
      : `# Not carried over from the Compose file:\n${lost.map((line) => `#   ${line.replaceAll("\n", " ")}\n`).join("")}`;
  return { spec: notes + stringify(spec, { lineWidth: 0 }), lost };
}

function service(compose: Record<string, unknown>, path: string, lost: string[]): Record<string, unknown> {
  // One replica, as Compose runs it: ZLayer's own default would grow it.
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(compose)) {
    const converted = name.startsWith("x-") ? { fields: {}, lost: [] } : COMPOSE_FIELDS[name]?.(value);
    if (converted === undefined) {
      lost.push(`${path}.${name}`);
      continue;
    }
    lost.push(...converted.lost.map((what) => `${path}: ${what}`));
    for (const [own, content] of Object.entries(converted.fields)) {
      const before = fields[own];
      if (isRecord(before) && isRecord(content)) {
        fields[own] = { ...before, ...content };
      } else if (Array.isArray(before) && Array.isArray(content)) {
        fields[own] = [...before, ...content];
      } else {
        fields[own] = content;
      }
    }
  }
  return { ...fields, scale: fields["scale"] ?? { mode: "fixed", replicas: 1 } };
}

function deploymentName(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 63);
  return plain.length < 3 ? `app-${plain}`.replace(/-$/, "") : plain;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
