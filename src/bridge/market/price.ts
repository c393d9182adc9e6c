// What a job may cost, and what jobs like it have cost.
import { requiredStake } from "./capacity";
import type { MarketStore } from "./store";
import type { Capacity, Job, MarketParameters, SettledJob } from "./types";

/** How far back settlements count, in seconds: 30 days. */
const RECENT = 30 * 86_400;
/** So many of the latest settlements are looked at. */
const MOST = 500;
/** A job is like another one when its size is at most this many times larger or smaller. */
const LIKE = 8;

/** Prices in wei for a second. */
export interface PriceSuggestion {
  /** A quarter of the jobs cost less. */
  readonly low: bigint;
  /** Half of the jobs cost less. */
  readonly typical: bigint;
  /** Three quarters of the jobs cost less. */
  readonly high: bigint;
  /** How many jobs it is made of. */
  readonly jobs: number;
}

/**
 * What jobs like this one were settled at. Jobs are like it when they have as many GPUs of the same model and are of a similar size; their
 * prices are scaled to this size. Size is what the registry prices a capacity at.
 *
 * @param now seconds since 1970
 * @returns undefined when no like job was settled recently
 */
export function suggestPrice(
  store: MarketStore,
  need: Capacity,
  parameters: MarketParameters,
  now: number,
): PriceSuggestion | undefined {
  const size = requiredStake(need, parameters);
  const isLike = (job: Job): job is SettledJob => {
    if (job.state !== "settled" || job.settlement.paid === 0n || job.settlement.fault !== "none") {
      return false;
    }
    const other = requiredStake(job.need, parameters);
    return (
      job.settlement.settledAt > now - RECENT &&
      job.need.gpus === need.gpus &&
      (need.gpus === 0 || job.need.gpuModel === need.gpuModel) &&
      // A wallet that serves its own job could write any price.
      job.developer !== job.assignment.node &&
      other <= size * BigInt(LIKE) &&
      size <= other * BigInt(LIKE)
    );
  };
  const { rows } = store.jobs({
    filter: { states: ["settled"], where: isLike },
    sort: { by: "deadline", descending: true },
    limit: MOST,
  });
  const rates = rows
    .filter(isLike)
    .map((job) => (job.assignment.rate * size) / requiredStake(job.need, parameters))
    .filter((rate) => rate > 0n)
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const quantile = (share: number): bigint => rates[Math.floor((rates.length - 1) * share)] ?? 0n;
  return rates.length === 0
    ? undefined
    : { low: quantile(0.25), typical: quantile(0.5), high: quantile(0.75), jobs: rates.length };
}

/**
 * What a job would cost with a bid's price, in wei: until the money or the time is used up.
 *
 * @param rate in wei for a second
 */
export function expectedCost(job: Pick<Job, "escrow" | "maxDuration">, rate: bigint): bigint {
  const all = rate * BigInt(job.maxDuration);
  return all < job.escrow ? all : job.escrow;
}
