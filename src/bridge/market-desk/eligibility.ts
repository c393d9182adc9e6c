import { lacks, quote, requiredStake } from "../market/capacity";
import type { Bid, Capacity, JobTerms, MarketNode, MarketParameters } from "../market/types";
import { ott } from "../market/words";

const LACKS: Readonly<Record<NonNullable<ReturnType<typeof lacks>>, string>> = {
  "too-small": "It offers less than the job needs.",
  "other-gpu-model": "Its GPUs are of another model.",
  "other-region": "It is in another region.",
  "label-missing": "It lacks a feature that the job asks for.",
};

/**
 * Why a node cannot take a job, as `NodeRegistry.eligibility` decides it; empty when it can.
 *
 * @param node as the store has it; `undefined` for an address that never registered
 */
export function whyIneligible(
  node: MarketNode | undefined,
  job: Pick<JobTerms, "need" | "deposit" | "covered" | "barred" | "developer">,
  parameters: MarketParameters,
): string {
  if (node === undefined || node.status === "exited") {
    return "It is not registered.";
  }
  if (node.address === job.developer) {
    return "A wallet cannot serve its own job.";
  }
  if (job.barred.includes(node.address)) {
    return "It failed this job before.";
  }
  if (node.status === "paused") {
    return "It is paused.";
  }
  if (node.stake < requiredStake(node.capacity, parameters)) {
    return "Its stake does not cover what it offers.";
  }
  const lack = lacks(node.capacity, job.need);
  if (lack !== undefined) {
    return LACKS[lack];
  }
  const { stake, pledge } = quote(job, parameters);
  const free = node.stake - node.locked;
  if (free < stake) {
    return `Only ${ott(free)} of its stake is free; the job holds ${ott(stake)}.`;
  }
  if (node.reputation - node.pledged < pledge) {
    return "Its reputation does not cover the rest of the money.";
  }
  return "";
}

/** Why a bid cannot be accepted; empty when it can. @param now seconds since the Unix epoch */
export function whyNotAcceptable(
  bid: Bid,
  node: MarketNode | undefined,
  job: Parameters<typeof whyIneligible>[1],
  parameters: MarketParameters,
  now: number,
): string {
  return bid.validUntil < now ? "The bid has run out." : whyIneligible(node, job, parameters);
}

/** What an address that never registered offers. */
export const NO_CAPACITY: Capacity = { millicores: 0, mebibytes: 0, gpus: 0, gpuModel: 0, region: 0, labels: 0 };
