import type { Address, Hash } from "viem";
import type { Bid, Capacity, Job, JobEvent, JobState, MarketNode } from "./types";

/** The last block whose events are in the store. */
export interface Tip {
  readonly number: bigint;
  readonly hash: Hash;
  /** Seconds since 1970. */
  readonly timestamp: number;
}

/** What to keep of a list; all conditions that are given must hold. */
export interface JobFilter {
  readonly states?: readonly JobState[];
  readonly developer?: Address;
  /** Who serves or served it. */
  readonly node?: Address;
  /** Has a bid on it. */
  readonly bidder?: Address;
  /** What the need must fit into: labels, region and GPU model included. */
  readonly fits?: Capacity;
  /** Bounds of the highest price, in wei for a second; compared to 15 digits. */
  readonly minRate?: bigint;
  readonly maxRate?: bigint;
  /** Open jobs whose deadline is after this time only (seconds since 1970). Jobs in other states are left out. */
  readonly biddableAt?: number;
  /** Any other condition. */
  readonly where?: (job: Job) => boolean;
}

export type JobSortKey = "id" | "maxRate" | "escrow" | "deadline" | "millicores" | "mebibytes" | "maxDuration";

export interface NodeFilter {
  readonly statuses?: readonly MarketNode["status"][];
  readonly offers?: Capacity;
  readonly where?: (node: MarketNode) => boolean;
}

export type NodeSortKey = "registeredAt" | "stake" | "reputation" | "millicores" | "mebibytes" | "gpus";

export interface Query<Filter, SortKey> {
  readonly filter?: Filter;
  /** Default: newest first. Equal ones are ordered by number or address. */
  readonly sort?: { readonly by: SortKey; readonly descending?: boolean };
  /** How many to leave out at the start; default 0. */
  readonly offset?: number;
  /** How many to return at most; default 100. */
  readonly limit?: number;
}

export type JobQuery = Query<JobFilter, JobSortKey>;
export type NodeQuery = Query<NodeFilter, NodeSortKey>;

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** How many there are without `offset` and `limit`. */
  readonly total: number;
}

/** What changed, told once for each step of the store. */
export interface StoreChange {
  /** Jobs that are new, changed or gone, or whose bids changed. */
  readonly jobs: ReadonlySet<bigint>;
  readonly nodes: ReadonlySet<Address>;
  readonly tip: Tip | undefined;
  /** The chain took blocks back; what was seen in them did not happen. */
  readonly undone: boolean;
}

/**
 * The market as the chain's events tell it, held in memory. Records are immutable: a changed job is another object. Addresses are
 * in checksum form.
 */
export interface MarketStore {
  readonly tip: Tip | undefined;
  job(id: bigint): Job | undefined;
  node(address: Address): MarketNode | undefined;
  /** The bids on a job, lowest first. */
  bids(jobId: bigint): readonly Bid[];
  /** A node's bids, newest first. */
  bidsOf(node: Address): readonly Bid[];
  /** What happened to a job, oldest first. */
  timeline(jobId: bigint): readonly JobEvent[];
  jobs(query?: JobQuery): Page<Job>;
  nodes(query?: NodeQuery): Page<MarketNode>;
  /** @returns a function that ends the subscription */
  subscribe(listener: (change: StoreChange) => void): () => void;
}
