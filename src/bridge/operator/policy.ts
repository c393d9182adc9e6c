import { quote } from "../market/capacity";
import { whyIneligible } from "../market/eligibility";
import type { JobTerms, MarketNode, MarketParameters, OpenJob } from "../market/types";
import { duration, ott, percent, perHour } from "../market/words";

/** When and how high a node bids by itself. Prices are in wei of OTT a second; shares in hundredths of a percent. */
export interface BidPolicy {
  readonly enabled: boolean;
  /** Lowest price for a thousandth of a core. */
  readonly floorPerMillicore: bigint;
  /** Lowest price for a MiB of memory. */
  readonly floorPerMebibyte: bigint;
  /** Lowest price for a GPU. */
  readonly floorPerGpu: bigint;
  /** What is asked on top of the floor. */
  readonly marginBps: number;
  /** Highest share of the stake that one job may hold. */
  readonly maxLockBps: number;
  /** Jobs that may last longer are left alone, seconds; 0 for no limit. */
  readonly maxDuration: number;
  /** Labels that a job must ask for; 0 for any job. */
  readonly requiredLabels: number;
  /** Also bid for jobs that pledge reputation. */
  readonly acceptsCovered: boolean;
  /** How long a bid stands, seconds. */
  readonly validity: number;
}

/** A policy that does nothing until its owner writes prices and turns it on. */
export const NO_POLICY: BidPolicy = {
  enabled: false,
  floorPerMillicore: 0n,
  floorPerMebibyte: 0n,
  floorPerGpu: 0n,
  marginBps: 2_000,
  maxLockBps: 5_000,
  maxDuration: 0,
  requiredLabels: 0,
  acceptsCovered: true,
  validity: 3_600,
};

export type Decision =
  | { readonly kind: "bid"; readonly rate: bigint; readonly validUntil: number }
  /** Why not, as a sentence for the log. */
  | { readonly kind: "skip"; readonly reason: string };

const BPS = 10_000n;

/** Lowest price of a job by the policy: what its parts cost, and the margin, rounded up. Wei of OTT a second. */
export function askingRate(policy: BidPolicy, { need }: Pick<JobTerms, "need">): bigint {
  const floor =
    policy.floorPerMillicore * BigInt(need.millicores) +
    policy.floorPerMebibyte * BigInt(need.mebibytes) +
    policy.floorPerGpu * BigInt(need.gpus);
  return (floor * (BPS + BigInt(policy.marginBps)) + BPS - 1n) / BPS;
}

/**
 * Whether a node bids for a job, and what.
 *
 * @param now seconds since the Unix epoch, by the chain's clock
 */
export function decide(
  policy: BidPolicy,
  job: OpenJob,
  node: MarketNode | undefined,
  parameters: MarketParameters,
  now: number,
): Decision {
  const skip = (reason: string): Decision => ({ kind: "skip", reason });
  if (!policy.enabled) {
    return skip("The policy is switched off.");
  }
  if (now > job.bidDeadline) {
    return skip("The time for bids is over.");
  }
  const unfit = whyIneligible(job, node, parameters);
  if (node === undefined || unfit !== undefined) {
    return skip(unfit?.reason ?? "It is not registered.");
  }
  if (policy.requiredLabels !== 0 && (job.need.labels & policy.requiredLabels) !== policy.requiredLabels) {
    return skip("The job does not ask for the features that the policy keeps the node for.");
  }
  if (policy.maxDuration > 0 && job.maxDuration > policy.maxDuration) {
    return skip(
      `It may last ${duration(job.maxDuration)}; the policy takes jobs of at most ${duration(policy.maxDuration)}.`,
    );
  }
  if (job.covered && !policy.acceptsCovered) {
    return skip("It pledges reputation, which the policy does not.");
  }
  const held = quote(job, parameters).stake;
  const most = (node.stake * BigInt(policy.maxLockBps)) / BPS;
  if (held > most) {
    return skip(`It holds ${ott(held)} of the stake; the policy allows ${percent(policy.maxLockBps)}, ${ott(most)}.`);
  }
  const rate = askingRate(policy, job);
  if (rate === 0n) {
    return skip("The policy has no price for what the job needs.");
  }
  if (rate > job.maxRate) {
    return skip(`It pays at most ${perHour(job.maxRate)}; the policy asks ${perHour(rate)}.`);
  }
  return { kind: "bid", rate, validUntil: Math.min(now + policy.validity, 0xffff_ffff) };
}
