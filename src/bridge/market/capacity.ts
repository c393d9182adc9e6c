import { keccak256, stringToBytes } from "viem";
import { LABELS } from "../../protocol/node-labels";
import type { Capacity, MarketParameters } from "./types";

/** Titles of the labels that are set; unknown ones by number. */
export function labelTitles(labels: number): string[] {
  const titles: string[] = [];
  for (let bit = 0; bit < 16; bit++) {
    if ((labels >> bit) & 1) {
      titles.push(LABELS.find((label) => label.bit === bit)?.title ?? `Label ${bit}`);
    }
  }
  return titles;
}

/** Code of a GPU model: the first two bytes of keccak256 of its lower-case name. Empty: 0, any. */
export function gpuModelCode(model: string): number {
  const name = model.trim().toLowerCase();
  return name === "" ? 0 : Number.parseInt(keccak256(stringToBytes(name)).slice(2, 6), 16);
}

/** Why a capacity does not hold a need; undefined when it does. The order is the contract's. */
export function lacks(
  offered: Capacity,
  need: Capacity,
): "too-small" | "other-gpu-model" | "other-region" | "label-missing" | undefined {
  if (offered.millicores < need.millicores || offered.mebibytes < need.mebibytes || offered.gpus < need.gpus) {
    return "too-small";
  }
  if (need.gpuModel !== 0 && need.gpuModel !== offered.gpuModel) {
    return "other-gpu-model";
  }
  if (need.region !== 0 && need.region !== offered.region) {
    return "other-region";
  }
  return (need.labels & ~offered.labels) !== 0 ? "label-missing" : undefined;
}

/** Stake that a capacity needs, in wei (`NodeRegistry.requiredStake`). */
export function requiredStake(capacity: Capacity, parameters: MarketParameters): bigint {
  return (
    parameters.stakePerMillicore * BigInt(capacity.millicores) +
    parameters.stakePerMebibyte * BigInt(capacity.mebibytes) +
    parameters.stakePerGpu * BigInt(capacity.gpus)
  );
}

/** What a job would hold of a node, in wei (`NodeRegistry.quote`). */
export function quote(
  job: { readonly need: Capacity; readonly deposit: bigint; readonly covered: boolean },
  parameters: MarketParameters,
): { readonly stake: bigint; readonly pledge: bigint } {
  const price = requiredStake(job.need, parameters);
  const least = (job.deposit * BigInt(parameters.lockBps)) / 10_000n;
  const stake = price > least ? price : least;
  return { stake, pledge: job.covered && stake < job.deposit ? job.deposit - stake : 0n };
}

/** `2 cores, 4 GiB, 1 GPU`. */
export function describeCapacity(capacity: Capacity): string {
  const cores = capacity.millicores / 1000;
  const parts = [`${cores} ${cores === 1 ? "core" : "cores"}`, memory(capacity.mebibytes)];
  if (capacity.gpus > 0) {
    parts.push(`${capacity.gpus} ${capacity.gpus === 1 ? "GPU" : "GPUs"}`);
  }
  return [...parts, ...labelTitles(capacity.labels)].join(", ");
}

function memory(mebibytes: number): string {
  return mebibytes >= 1024 ? `${Math.round((mebibytes / 1024) * 100) / 100} GiB` : `${mebibytes} MiB`;
}
