import { iso31661 } from "iso-3166";
import { COUNTRIES } from "../../protocol/job-file";
import type { CapacityRow } from "../../protocol/market-rows";
import { LABELS } from "../../protocol/node-labels";
import { gpuModelCode } from "../market/capacity";
import type { Capacity } from "../market/types";

/** Countries by name. */
export const REGIONS: readonly { readonly code: string; readonly name: string }[] = [...COUNTRIES].sort((a, b) =>
  a.name.localeCompare(b.name, "en"),
);

const NUMERIC = new Map(iso31661.map(({ alpha2, numeric }) => [alpha2, Number(numeric)]));
const ALPHA = new Map(iso31661.map(({ alpha2, numeric }) => [Number(numeric), alpha2]));

/** Models whose names can be told from their codes. A code is two bytes of a hash, so others are shown as a number. */
export const GPU_MODELS: readonly string[] = [
  "amd instinct mi210",
  "amd instinct mi250x",
  "amd instinct mi300x",
  "nvidia a10",
  "nvidia a100 40gb",
  "nvidia a100 80gb",
  "nvidia b200",
  "nvidia h100 80gb",
  "nvidia h200 141gb",
  "nvidia l4",
  "nvidia l40s",
  "nvidia rtx 3090",
  "nvidia rtx 4090",
  "nvidia rtx 5090",
  "nvidia rtx a6000",
  "nvidia t4",
  "nvidia v100",
];

const MODELS = new Map(GPU_MODELS.map((name) => [gpuModelCode(name), name]));

/** The labels as the panel's form has them. */
export const LABEL_CHOICES = LABELS.map(({ bit, title }) => ({ bit, name: title }));

/** A capacity of the chain as the panel shows it. */
export function capacityRow(capacity: Capacity): CapacityRow {
  const { millicores, mebibytes, gpus, gpuModel, region, labels } = capacity;
  return {
    millicores,
    mebibytes,
    gpus,
    gpuModel: gpuModel === 0 ? "" : (MODELS.get(gpuModel) ?? `model 0x${gpuModel.toString(16).padStart(4, "0")}`),
    region: region === 0 ? "" : (ALPHA.get(region) ?? String(region).padStart(3, "0").slice(-3)),
    labels,
  };
}

/** A capacity of the panel as the chain has it. @throws Error for a region that does not exist */
export function capacityOf(row: CapacityRow): Capacity {
  const region = row.region === "" ? 0 : (NUMERIC.get(row.region) ?? Number(row.region));
  if (!Number.isInteger(region) || region < 0 || region > 999) {
    throw new Error(`There is no region “${row.region}”. Choose one of the list.`);
  }
  const unknown = /^model 0x([0-9a-f]{4})$/.exec(row.gpuModel)?.[1];
  const gpuModel = unknown === undefined ? gpuModelCode(row.gpuModel) : Number.parseInt(unknown, 16);
  return { ...row, region, gpuModel };
}
