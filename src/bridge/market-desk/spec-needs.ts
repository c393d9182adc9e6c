import { parseDocument } from "yaml";

/** What a spec needs of a node, all replicas together. */
export interface SpecNeeds {
  readonly deployment: string;
  readonly millicores: number;
  readonly mebibytes: number;
  readonly gpus: number;
  readonly services: readonly { readonly name: string; readonly replicas: number; readonly needs: string }[];
  /** What was assumed. */
  readonly notes: readonly string[];
}

/** The spec cannot be posted; the message is for the user. */
export class UnpostableSpec extends Error {
  override readonly name = "UnpostableSpec";
}

/** What is assumed of a service that says nothing. */
const DEFAULT_MILLICORES = 250;
const DEFAULT_MEBIBYTES = 256;
const MIB = 1024 * 1024;

const SUFFIXES: Readonly<Record<string, number>> = {
  "": 1,
  K: 1_000,
  M: 1_000_000,
  G: 1_000_000_000,
  T: 1_000_000_000_000,
  Ki: 1024,
  Mi: MIB,
  Gi: 1024 * MIB,
  Ti: 1024 * 1024 * MIB,
};

/**
 * Adds up what the services of a spec need. Where a service scales, its highest number of replicas counts: the price is agreed
 * once. The spec's validity is the engine's to judge; here only what the sum needs is read.
 *
 * @throws {UnpostableSpec}
 */
export function specNeeds(text: string): SpecNeeds {
  const document = parseDocument(text, { logLevel: "silent", maxAliasCount: 100 } as never);
  const [error] = document.errors;
  if (error !== undefined) {
    throw new UnpostableSpec(`It is not valid YAML: ${error.message.split("\n")[0]}`);
  }
  let root: unknown;
  try {
    root = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new UnpostableSpec(`It cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  const spec = record(root);
  const services = Object.entries(record(spec["services"]));
  if (services.length === 0) {
    throw new UnpostableSpec("It has no services, so there is nothing to run.");
  }
  const notes: string[] = [];
  const sums = { millicores: 0, mebibytes: 0, gpus: 0 };
  const rows = services.map(([name, value]) => {
    const service = record(value);
    const resources = record(service["resources"]);
    const replicas = replicasOf(name, record(service["scale"]), notes);
    const millicores = cores(name, resources["cpu"], notes);
    const mebibytes = memory(name, resources["memory"], notes);
    const gpus = gpuCount(name, resources["gpu"]);
    sums.millicores += replicas * millicores;
    sums.mebibytes += replicas * mebibytes;
    sums.gpus += replicas * gpus;
    const gpu = gpus === 0 ? "" : `, ${gpus} GPU`;
    return { name, replicas, needs: `${millicores} mcores, ${mebibytes} MiB${gpu}` };
  });
  if (sums.gpus > 255) {
    throw new UnpostableSpec(`It needs ${sums.gpus} GPUs together; a job has at most 255.`);
  }
  const deployment = typeof spec["deployment"] === "string" ? spec["deployment"] : "";
  if (deployment === "") {
    throw new UnpostableSpec("It has no “deployment” name.");
  }
  return { deployment, ...sums, services: rows, notes };
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function replicasOf(service: string, scale: Record<string, unknown>, notes: string[]): number {
  const whole = (field: string): number | undefined => {
    const value = scale[field];
    if (value === undefined) {
      return undefined;
    }
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > 1_000) {
      throw new UnpostableSpec(`services.${service}.scale.${field} must be a whole number from 0 to 1000.`);
    }
    return value;
  };
  if (scale["mode"] === "adaptive" || scale["max"] !== undefined) {
    const max = whole("max") ?? 1;
    notes.push(`“${service}” scales; its ${max} replicas at most are counted.`);
    return max;
  }
  return whole("replicas") ?? 1;
}

function cores(service: string, value: unknown, notes: string[]): number {
  if (value === undefined || value === null) {
    notes.push(`“${service}” says no cpu; ${DEFAULT_MILLICORES} mcores are assumed.`);
    return DEFAULT_MILLICORES;
  }
  const number = typeof value === "string" && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !(number > 0 && number <= 4_096)) {
    throw new UnpostableSpec(`services.${service}.resources.cpu must be a number of cores above 0, such as 0.5.`);
  }
  return Math.max(1, Math.ceil(number * 1_000));
}

function memory(service: string, value: unknown, notes: string[]): number {
  if (value === undefined || value === null) {
    notes.push(`“${service}” says no memory; ${DEFAULT_MEBIBYTES} MiB are assumed.`);
    return DEFAULT_MEBIBYTES;
  }
  const match = /^(\d{1,15}(?:\.\d{1,6})?)(|[KMGT]i?)$/.exec(String(value).trim());
  const factor = SUFFIXES[match?.[2] ?? "?"];
  const bytes = factor === undefined ? Number.NaN : Number(match?.[1]) * factor;
  if (!(bytes > 0)) {
    throw new UnpostableSpec(`services.${service}.resources.memory must be a size such as 512Mi.`);
  }
  const mebibytes = Math.ceil(bytes / MIB);
  if (mebibytes > 0xffff_ffff) {
    throw new UnpostableSpec(`services.${service}.resources.memory is larger than any machine.`);
  }
  return mebibytes;
}

function gpuCount(service: string, value: unknown): number {
  if (value === undefined || value === null) {
    return 0;
  }
  const count = typeof value === "number" ? value : (record(value)["count"] ?? 1);
  if (typeof count !== "number" || !Number.isInteger(count) || count < 0 || count > 255) {
    throw new UnpostableSpec(`services.${service}.resources.gpu.count must be a whole number from 0 to 255.`);
  }
  return count;
}
