// What a stranger's spec may ask of an operator's machine. A list of what is allowed: a field that a later engine learns is refused
// until somebody has thought about it.
import { isIP } from "node:net";
import { parseDocument } from "yaml";
import type { Capacity } from "../market/types";
import { type SpecNeeds, specNeeds, UnpostableSpec } from "../market-desk/spec-needs";

/** Most processes and threads of a container; a spec may ask for fewer. */
const PIDS_MAX = 512;

/** Fields of a service that are accepted; `true` accepts all that is below. */
const SERVICE: Allowed = {
  rtype: true,
  image: { name: true, pull_policy: true },
  resources: { cpu: true, memory: true, pids_limit: true },
  env: true,
  command: true,
  endpoints: true,
  scale: { mode: true, replicas: true },
  depends: true,
  health: { start_grace: true, interval: true, timeout: true, retries: true, check: true },
  errors: true,
  stop_signal: true,
  stop_grace_period: true,
  read_only_root_fs: true,
};
const ROOT: Allowed = { version: true, deployment: true, services: true };

interface Allowed {
  readonly [field: string]: true | Allowed;
}

/** A field that is not accepted from a stranger. */
export interface Refusal {
  /** `services.web.capabilities`; empty for the whole spec. */
  readonly path: string;
  readonly why: string;
}

/** The job's spec is not run here; the node hands the job back. */
export class RefusedSpec extends Error {
  override readonly name = "RefusedSpec";

  constructor(readonly refusals: readonly Refusal[]) {
    super(refusals.map(({ path, why }) => (path === "" ? why : `${path}: ${why}`)).join(" "));
  }
}

export interface UntrustedOptions {
  /** Name of the deployment here, in place of the stranger's own, which could be one of the operator's. */
  readonly deployment: string;
  /** What the job pays for. */
  readonly need: Capacity;
  /** Whether images of this machine and its network may be run. They can hold what is the operator's: for devnets only. */
  readonly localImages?: boolean;
}

export interface UntrustedSpec {
  /** JSON, which is YAML, for the engine. */
  readonly text: string;
  readonly services: readonly string[];
}

/**
 * Reads a stranger's spec and gives the one that is run instead: under a name of the operator's, with limits on everything.
 *
 * @throws {RefusedSpec} with every field that is not accepted
 */
export function untrustedSpec(content: string, options: UntrustedOptions): UntrustedSpec {
  const needs = needsOf(content);
  const root = record(parseDocument(content).toJS({ maxAliasCount: 100 }));
  const refusals = unknownFields(root, ROOT, "");
  const services = Object.entries(record(root["services"])).map(([name, value]) => {
    const service = record(value);
    const path = `services.${name}`;
    refusals.push(...unknownFields(service, SERVICE, path), ...valuesOf(service, path, options));
    const resources = record(service["resources"]);
    const asked = resources["pids_limit"];
    const pids = typeof asked === "number" && asked > 0 ? Math.min(asked, PIDS_MAX) : PIDS_MAX;
    return [name, { ...service, resources: { ...resources, pids_limit: pids } }] as const;
  });
  refusals.push(...excess(needs, options.need));
  if (refusals.length > 0) {
    throw new RefusedSpec(refusals);
  }
  const spec = { version: root["version"], deployment: options.deployment, services: Object.fromEntries(services) };
  return { text: JSON.stringify(spec), services: services.map(([name]) => name) };
}

function needsOf(content: string): SpecNeeds {
  try {
    return specNeeds(content);
  } catch (error) {
    if (error instanceof UnpostableSpec) {
      throw new RefusedSpec([{ path: "", why: error.message }]);
    }
    throw error;
  }
}

function unknownFields(value: Record<string, unknown>, allowed: Allowed, path: string): Refusal[] {
  return Object.entries(value).flatMap(([field, inner]) => {
    const at = path === "" ? field : `${path}.${field}`;
    const rule = Object.hasOwn(allowed, field) ? allowed[field] : undefined;
    if (rule === undefined) {
      return [{ path: at, why: "is not accepted from strangers. Remove it." }];
    }
    return rule === true ? [] : unknownFields(record(inner), rule, at);
  });
}

function valuesOf(service: Record<string, unknown>, path: string, options: UntrustedOptions): Refusal[] {
  const found: Refusal[] = [];
  const refuse = (field: string, why: string): void => void found.push({ path: `${path}.${field}`, why });
  const resources = record(service["resources"]);
  for (const field of ["cpu", "memory"]) {
    if (resources[field] === undefined || resources[field] === null) {
      refuse(`resources.${field}`, "is needed: nothing runs here without a limit.");
    }
  }
  for (const [name, value] of Object.entries(record(service["env"]))) {
    if (/^\$[A-Z]+:/.test(String(value))) {
      refuse(
        `env.${name}`,
        "names a secret or a variable of the node, which is the operator's. Write the value itself.",
      );
    }
  }
  const check = record(record(service["health"])["check"])["type"];
  if (check !== undefined && check !== "tcp" && check !== "command") {
    refuse("health.check.type", "must be tcp or command: the node asks no addresses for strangers.");
  }
  const image = record(service["image"])["name"];
  if (options.localImages !== true && (typeof image !== "string" || isLocal(image))) {
    refuse("image.name", "must be in a public registry, not on the node or in its network.");
  }
  return found;
}

/** Whether the registry of an image is this machine, or named by an address or by a name without a domain. */
function isLocal(image: string): boolean {
  const [first = "", ...rest] = image.split("/");
  if (rest.length === 0 || !/[.:]|^localhost$/.test(first)) {
    return false;
  }
  const host = first.replace(/:\d+$/, "").toLowerCase();
  return (
    /(^|\.)(localhost|local|internal|lan)$/.test(host) || !host.includes(".") || isIP(host) !== 0 || host.includes(":")
  );
}

function excess(needs: SpecNeeds, need: Capacity): Refusal[] {
  return (["millicores", "mebibytes", "gpus"] as const).flatMap((what) =>
    needs[what] > need[what]
      ? [{ path: "", why: `The spec needs ${needs[what]} ${what}, but the job pays for ${need[what]}.` }]
      : [],
  );
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
