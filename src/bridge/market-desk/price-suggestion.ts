import { requiredStake } from "../market/capacity";
import type { MarketStore } from "../market/store";
import type { Capacity, Job, MarketParameters, SettledJob } from "../market/types";

/** How far a like job may be in size: half or twice as large. */
const LIKE = 2;
/** Newest settlements that are looked at. */
const RECENT = 500;
/** Fewer are too few to say anything but their own price; more than this add nothing. */
const MOST = 50;

/** What like jobs cost lately; rates in wei of OTT a second, scaled to the size of the need. */
export interface PriceSuggestion {
  readonly rate: bigint;
  readonly low: bigint;
  readonly high: bigint;
  /** Number of jobs that it is from. */
  readonly jobs: number;
}

/**
 * Suggests a price from recent settlements of like jobs: the median of what they were agreed for, each scaled by size. Size is
 * what the capacity costs in stake, the market's own measure to weigh cores, memory and GPUs. Jobs that failed, and those that a
 * wallet served for itself in all but name (its own node), do not count.
 */
export function suggestPrice(
  store: MarketStore,
  need: Capacity,
  parameters: MarketParameters,
): PriceSuggestion | undefined {
  const size = requiredStake(need, parameters);
  if (size === 0n) {
    return undefined;
  }
  const settled = store.jobs({ filter: { states: ["settled"] }, sort: { by: "id", descending: true }, limit: RECENT });
  const rates: bigint[] = [];
  for (const job of settled.rows) {
    if (rates.length < MOST && isLike(job, need, size, parameters)) {
      rates.push((job.assignment.rate * size) / requiredStake(job.need, parameters));
    }
  }
  rates.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const at = (share: number): bigint => rates[Math.floor((rates.length - 1) * share)] ?? 0n;
  return rates.length === 0 ? undefined : { rate: at(0.5), low: at(0.1), high: at(0.9), jobs: rates.length };
}

function isLike(job: Job, need: Capacity, size: bigint, parameters: MarketParameters): job is SettledJob {
  if (job.state !== "settled" || job.settlement.fault !== "none" || job.settlement.paid === 0n) {
    return false;
  }
  const other = requiredStake(job.need, parameters);
  const sameGpu = job.need.gpus > 0 === need.gpus > 0;
  return (
    other > 0n &&
    sameGpu &&
    other * BigInt(LIKE) >= size &&
    other <= size * BigInt(LIKE) &&
    job.developer !== job.assignment.node
  );
}
