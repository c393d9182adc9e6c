import type { CapacityRow, JobStateName } from "../../protocol/market-rows";
import { formatCpu, formatSize } from "../shared/units";
import type { MarketModel } from "./market-model";

const MIB = 1024 * 1024;

export const STATE_WORDS: Record<JobStateName, { readonly word: string; readonly icon: string }> = {
  open: { word: "Open", icon: "megaphone" },
  assigned: { word: "Assigned", icon: "person" },
  running: { word: "Running", icon: "play-circle" },
  claimed: { word: "Claimed", icon: "law" },
  disputed: { word: "Disputed", icon: "warning" },
  settled: { word: "Settled", icon: "pass" },
  cancelled: { word: "Cancelled", icon: "circle-slash" },
};

/** `0x12ab…89cd`. */
export function shortAddress(address: string): string {
  return `${address.slice(0, 6)}…${address.slice(-4)}`;
}

/** `2 cores, 512 MiB, 1 × nvidia a100 80gb`. */
export function describeCapacity(capacity: CapacityRow): string {
  const { millicores, mebibytes, gpus, gpuModel } = capacity;
  const gpu = gpus === 0 ? [] : [`${gpus} × ${gpuModel === "" ? "any GPU" : gpuModel}`];
  return [formatCpu(millicores), formatSize(mebibytes * MIB), ...gpu].join(", ");
}

/** Where, and with what, besides sizes: `Germany · static public address`; empty for anywhere. */
export function describePlace(model: MarketModel, capacity: CapacityRow): string {
  return [model.regionName(capacity.region), ...model.labelNames(capacity.labels)]
    .filter((word) => word !== "")
    .join(" · ");
}

const SPANS: readonly (readonly [seconds: number, unit: string])[] = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
];

/** `2 d 3 h`, `4 min 10 s`: the two largest units. @param seconds not negative */
export function formatSpan(seconds: number): string {
  let rest = Math.max(0, Math.floor(seconds));
  const parts: string[] = [];
  for (const [size, unit] of SPANS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) {
      parts.push(`${count} ${unit}`);
    } else if (parts.length > 0) {
      break;
    }
    if (parts.length === 2) {
      break;
    }
  }
  return parts.length === 0 ? "0 s" : parts.join(" ");
}

/** `in 4 min 10 s`, or `3 h ago`. @param moment seconds since the Unix epoch @param now by the same clock */
export function formatWhen(moment: number, now: number): string {
  const left = moment - now;
  if (left >= 0) {
    return `in ${formatSpan(left)}`;
  }
  const [largest = "0 s"] = /^\d+ \w+/.exec(formatSpan(-left)) ?? [];
  return `${largest} ago`;
}

/** `3 May, 14:02:03`. @param moment seconds since the Unix epoch */
export function formatMoment(moment: number): string {
  return new Date(moment * 1_000).toLocaleString("en-GB", {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
}

/** `99.5 %`. */
export function formatBps(bps: number): string {
  return `${Number((bps / 100).toFixed(2))} %`;
}
