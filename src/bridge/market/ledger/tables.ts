import type { Address } from "viem";
import type { Bid, Job, JobEvent, MarketNode } from "../types";

/** What the events add up to. Values are never changed, only replaced. */
export interface Tables {
  readonly jobs: ReadonlyMap<bigint, Job>;
  readonly nodes: ReadonlyMap<Address, MarketNode>;
  /** By job, lowest first. */
  readonly bids: ReadonlyMap<bigint, readonly Bid[]>;
  /** By job, oldest first. */
  readonly timelines: ReadonlyMap<bigint, readonly JobEvent[]>;
}

/** One value that was set, or removed (undefined). */
export type Change =
  | { readonly table: "jobs"; readonly key: bigint; readonly value: Job | undefined }
  | { readonly table: "nodes"; readonly key: Address; readonly value: MarketNode | undefined }
  | { readonly table: "bids"; readonly key: bigint; readonly value: readonly Bid[] | undefined }
  | { readonly table: "timelines"; readonly key: bigint; readonly value: readonly JobEvent[] | undefined };

/** Changes upon tables that nobody sees until they are taken over as a whole. */
export class Draft {
  readonly #base: Tables;
  readonly #jobs = new Map<bigint, Job>();
  readonly #nodes = new Map<Address, MarketNode>();
  readonly #bids = new Map<bigint, readonly Bid[] | undefined>();
  readonly #timelines = new Map<bigint, readonly JobEvent[]>();

  constructor(base: Tables) {
    this.#base = base;
  }

  job(id: bigint): Job | undefined {
    return this.#jobs.get(id) ?? this.#base.jobs.get(id);
  }

  node(address: Address): MarketNode | undefined {
    return this.#nodes.get(address) ?? this.#base.nodes.get(address);
  }

  bids(jobId: bigint): readonly Bid[] {
    return (this.#bids.has(jobId) ? this.#bids.get(jobId) : this.#base.bids.get(jobId)) ?? [];
  }

  setJob(job: Job): void {
    this.#jobs.set(job.id, job);
  }

  setNode(node: MarketNode): void {
    this.#nodes.set(node.address, node);
  }

  setBids(jobId: bigint, bids: readonly Bid[]): void {
    this.#bids.set(jobId, bids.length === 0 ? undefined : bids);
  }

  tell(jobId: bigint, event: JobEvent): void {
    const before = this.#timelines.get(jobId) ?? this.#base.timelines.get(jobId) ?? [];
    this.#timelines.set(jobId, [...before, event]);
  }

  /** The last value of everything that was set. */
  changes(): Change[] {
    return [
      ...[...this.#jobs].map(([key, value]): Change => ({ table: "jobs", key, value })),
      ...[...this.#nodes].map(([key, value]): Change => ({ table: "nodes", key, value })),
      ...[...this.#bids].map(([key, value]): Change => ({ table: "bids", key, value })),
      ...[...this.#timelines].map(([key, value]): Change => ({ table: "timelines", key, value })),
    ];
  }
}
