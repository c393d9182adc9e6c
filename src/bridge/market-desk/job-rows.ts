import type { Address } from "viem";
import type { BidRow, JobRow } from "../../protocol/market-rows";
import { whyBidIneligible, whyIneligible } from "../market/eligibility";
import { expectedCost } from "../market/price";
import type { MarketStore } from "../market/store";
import type { Bid, Capacity, Job, MarketParameters } from "../market/types";
import { capacityRow } from "./places";

/** What an address that does not serve offers. */
const NO_CAPACITY: Capacity = { millicores: 0, mebibytes: 0, gpus: 0, gpuModel: 0, region: 0, labels: 0 };

/** Who looks, and when. */
export interface Onlooker {
  /** The connected account. */
  readonly account: Address | undefined;
  /** Seconds since the Unix epoch, by the chain's clock. */
  readonly now: number;
  readonly parameters: MarketParameters;
}

/** A job as the panel lists it. */
export function jobRow(store: MarketStore, job: Job, { account, now, parameters }: Onlooker): JobRow {
  const bids = job.state === "open" ? store.bids(job.id).filter(({ validUntil }) => validUntil >= now) : [];
  const own = account === undefined ? undefined : bids.find(({ node }) => node === account);
  const node = account === undefined ? undefined : store.node(account);
  const registered = node !== undefined && node.status !== "exited";
  const assignment = "assignment" in job ? job.assignment : undefined;
  return {
    id: String(job.id),
    state: job.state,
    mine: account !== undefined && job.developer === account,
    serving: account !== undefined && assignment?.node === account,
    developer: job.developer,
    node: assignment?.node ?? null,
    matching: job.matching === "developer" ? "developer" : "lowest",
    need: capacityRow(job.need),
    maxRate: String(job.maxRate),
    rate: assignment === undefined ? null : String(assignment.rate),
    escrow: String(job.escrow),
    maxDuration: job.maxDuration,
    bidDeadline: job.state === "open" ? job.bidDeadline : 0,
    bids: bids.length,
    lowest: bids[0] === undefined ? null : String(bids[0].rate),
    availabilityBps: job.availabilityBps,
    covered: job.covered,
    postedAt: job.postedAt,
    myBid: own === undefined ? null : String(own.rate),
    unfit: registered && job.state === "open" ? (whyIneligible(job, node, parameters)?.reason ?? "") : null,
  };
}

/** A bid as the panel lists it. */
export function bidRow(store: MarketStore, job: Job, bid: Bid, { account, now, parameters }: Onlooker): BidRow {
  const node = store.node(bid.node);
  const capacity = node === undefined || node.status === "exited" ? NO_CAPACITY : node.capacity;
  return {
    node: bid.node,
    rate: String(bid.rate),
    validUntil: bid.validUntil,
    reputation: String(node?.reputation ?? 0n),
    stake: String(node?.stake ?? 0n),
    freeStake: String(node === undefined ? 0n : node.stake - node.locked),
    capacity: capacityRow(capacity),
    expectedCost: String(expectedCost(job, bid.rate)),
    ineligible: whyBidIneligible(job, bid, node, parameters, now)?.reason ?? "",
    mine: bid.node === account,
  };
}
