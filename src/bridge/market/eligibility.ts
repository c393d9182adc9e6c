import { lacks, quote, requiredStake } from "./capacity";
import type { Eligibility } from "./codes";
import { INELIGIBLE } from "./contract-errors";
import type { Bid, Job, MarketNode, MarketParameters } from "./types";
import { ott } from "./words";

export type IneligibleCode = Exclude<Eligibility, "eligible"> | "own-job" | "barred" | "bid-expired";

/** Why a node may not take a job. */
export interface Ineligible {
  readonly code: IneligibleCode;
  /** A sentence for the user, with the figures. */
  readonly reason: string;
  readonly remedy: string;
}

/**
 * Why a node may not take a job now; undefined when it may. The contracts decide alike (`NodeRegistry.eligibility`, `bid`), in the same order.
 *
 * @param node undefined for one that was never registered
 */
export function whyIneligible(
  job: Job,
  node: MarketNode | undefined,
  parameters: MarketParameters,
): Ineligible | undefined {
  if (node !== undefined && node.address === job.developer) {
    return { code: "own-job", reason: "The node belongs to the job's developer.", remedy: "Choose another node." };
  }
  if (node !== undefined && job.barred.includes(node.address)) {
    return { code: "barred", reason: "The node failed this job before.", remedy: "Choose another node." };
  }
  if (node === undefined || node.status === "exited") {
    return sentence("not-registered", "");
  }
  if (node.status === "paused") {
    return sentence("paused", "");
  }
  const needed = requiredStake(node.capacity, parameters);
  if (node.stake < needed) {
    return sentence("stake-below-capacity", `it has ${ott(node.stake)} and needs ${ott(needed)}`);
  }
  const lack = lacks(node.capacity, job.need);
  if (lack !== undefined) {
    return sentence(lack, lack === "too-small" ? missing(node.capacity, job.need) : "");
  }
  const { stake, pledge } = quote(job, parameters);
  const free = node.stake - node.locked;
  if (free < stake) {
    return sentence("stake-locked", `${ott(free)} of ${ott(stake)} are free`);
  }
  if (pledge > 0n && node.reputation < node.pledged + pledge) {
    const unpledged = node.reputation > node.pledged ? node.reputation - node.pledged : 0n;
    return sentence("reputation-too-low", `${ott(unpledged)} of ${ott(pledge)} are free`);
  }
  return undefined;
}

/**
 * Why a bid cannot be taken now; undefined when it can.
 *
 * @param now the chain's time in seconds since 1970
 */
export function whyBidIneligible(
  job: Job,
  bid: Bid,
  node: MarketNode | undefined,
  parameters: MarketParameters,
  now: number,
): Ineligible | undefined {
  if (bid.validUntil < now) {
    return { code: "bid-expired", reason: "The bid has run out.", remedy: "Choose another bid." };
  }
  return whyIneligible(job, node, parameters);
}

function sentence(code: Exclude<Eligibility, "eligible">, figures: string): Ineligible {
  const { what, remedy } = INELIGIBLE[code];
  const said = `${what.charAt(0).toUpperCase()}${what.slice(1)}`;
  return { code, reason: figures === "" ? `${said}.` : `${said} (${figures}).`, remedy };
}

function missing(
  offered: { readonly millicores: number; readonly mebibytes: number; readonly gpus: number },
  need: { readonly millicores: number; readonly mebibytes: number; readonly gpus: number },
): string {
  const parts: string[] = [];
  if (offered.millicores < need.millicores) {
    parts.push(`${offered.millicores / 1000} of ${need.millicores / 1000} cores`);
  }
  if (offered.mebibytes < need.mebibytes) {
    parts.push(`${offered.mebibytes} of ${need.mebibytes} MiB`);
  }
  if (offered.gpus < need.gpus) {
    parts.push(`${offered.gpus} of ${need.gpus} GPUs`);
  }
  return parts.join(", ");
}
