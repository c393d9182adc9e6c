import { type Address, getAddress } from "viem";
import { Emitter } from "../../emitter";
import type { JobQuery, MarketStore, NodeQuery, Page, StoreChange, Tip } from "../store";
import type { Bid, Job, JobEvent, MarketNode } from "../types";
import type { MarketEvent } from "./events";
import { applyJobEvent, type Settling } from "./job-events";
import { AddressNumbers, jobTests, newJobIndex, newNodeIndex, nodeCondition } from "./job-index";
import { applyNodeEvent } from "./node-events";
import { type Change, Draft, type Tables } from "./tables";

/** Blocks that can be taken back one by one. A chain that takes back more is read anew. */
export const UNDO_BLOCKS = 256n;
const DEFAULT_LIMIT = 100;

/** What one block changed. */
export interface Step {
  readonly tip: Tip;
  readonly changes: readonly Change[];
}

/** A step and what was there before it. */
interface Done {
  readonly tip: Tip;
  readonly undo: readonly Change[];
}

/** The market in memory: built of the steps that blocks make, the last of which can be taken back. */
export class MemoryStore implements MarketStore {
  readonly #addresses = new AddressNumbers();
  readonly #jobs = newJobIndex(this.#addresses);
  readonly #nodes = newNodeIndex();
  readonly #bids = new Map<bigint, readonly Bid[]>();
  readonly #timelines = new Map<bigint, readonly JobEvent[]>();
  readonly #bidJobs = new Map<Address, Set<bigint>>();
  readonly #changed = new Emitter<StoreChange>();
  /** The last steps, oldest first; the last one's tip is the store's. */
  #done: Done[] = [];
  /** The tip before the oldest step that can be taken back. */
  #floor: Tip | undefined;

  get tip(): Tip | undefined {
    return this.#done.at(-1)?.tip ?? this.#floor;
  }

  /** Tips of the blocks that can be returned to, newest first. */
  tips(): Tip[] {
    const tips = this.#done.map(({ tip }) => tip).reverse();
    return this.#floor === undefined ? tips : [...tips, this.#floor];
  }

  get tables(): Tables {
    return {
      jobs: this.#jobs.rows,
      nodes: this.#nodes.rows,
      bids: this.#bids,
      timelines: this.#timelines,
    };
  }

  /**
   * What the events of one block change. Nothing is changed yet.
   *
   * @throws {MarketError} `rpc-lied`: the events do not fit to those before
   */
  draft(tip: Tip, events: readonly MarketEvent[]): Step {
    const draft = new Draft(this.tables);
    const settling: Settling = new Map();
    for (const event of events) {
      applyJobEvent(draft, event, settling);
      applyNodeEvent(draft, event);
    }
    return { tip, changes: draft.changes() };
  }

  /** Takes over what a block changed. */
  commit(step: Step): void {
    this.restore(step);
    this.#tell(step.changes, false);
  }

  /** Takes over what was there before the first step, for a store that is read from a file. */
  restoreBase(changes: readonly Change[], floor: Tip | undefined): void {
    for (const change of changes) {
      this.#set(change);
    }
    this.#floor = floor ?? this.#floor;
  }

  /** The same as `commit` without telling anybody, for steps that are read from a file. */
  restore({ tip, changes }: Step): void {
    this.#done.push({ tip, undo: changes.map((change) => this.#set(change)) });
    const oldest = this.#done.findIndex((done) => done.tip.number + UNDO_BLOCKS > tip.number);
    if (oldest > 0) {
      this.#floor = this.#done[oldest - 1]?.tip;
      this.#done = this.#done.slice(oldest);
    }
  }

  /** Takes back all blocks above this one, as far as they can be taken back (`tips`). */
  undoTo(block: bigint): void {
    this.#tell(this.restoreTo(block), true);
  }

  /** The same without telling anybody. @returns what was set back */
  restoreTo(block: bigint): Change[] {
    const undone: Change[] = [];
    while (this.#done.length > 0 && (this.tip?.number ?? 0n) > block) {
      const undo = this.#done.pop()?.undo ?? [];
      for (const change of undo) {
        this.#set(change);
        undone.push(change);
      }
    }
    return undone;
  }

  /** Forgets everything. */
  reset(): void {
    const jobs = new Set(this.#jobs.rows.keys());
    const nodes = new Set(this.tables.nodes.keys());
    this.#jobs.clear();
    this.#nodes.clear();
    this.#bids.clear();
    this.#timelines.clear();
    this.#bidJobs.clear();
    this.#done = [];
    this.#floor = undefined;
    this.#changed.emit({ jobs, nodes, tip: undefined, undone: true });
  }

  job(id: bigint): Job | undefined {
    return this.#jobs.rows.get(id);
  }

  node(address: Address): MarketNode | undefined {
    return this.#nodes.rows.get(getAddress(address));
  }

  bids(jobId: bigint): readonly Bid[] {
    return this.#bids.get(jobId) ?? [];
  }

  bidsOf(node: Address): readonly Bid[] {
    const address = getAddress(node);
    return [...(this.#bidJobs.get(address) ?? [])]
      .flatMap((jobId) => this.bids(jobId).filter((bid) => bid.node === address))
      .sort((a, b) => b.placedAt - a.placedAt || (a.jobId < b.jobId ? 1 : -1));
  }

  timeline(jobId: bigint): readonly JobEvent[] {
    return this.#timelines.get(jobId) ?? [];
  }

  jobs({ filter = {}, sort, offset = 0, limit = DEFAULT_LIMIT }: JobQuery = {}): Page<Job> {
    const { developer, node, bidder } = filter;
    const checksummed = {
      ...filter,
      ...(developer !== undefined && { developer: getAddress(developer) }),
      ...(node !== undefined && { node: getAddress(node) }),
    };
    return this.#jobs.page({
      candidates: bidder === undefined ? undefined : (this.#bidJobs.get(getAddress(bidder)) ?? []),
      tests: jobTests(checksummed, this.#addresses),
      where: filter.where,
      by: sort?.by ?? "id",
      descending: sort === undefined || sort.descending === true,
      offset,
      limit,
    });
  }

  nodes({ filter = {}, sort, offset = 0, limit = DEFAULT_LIMIT }: NodeQuery = {}): Page<MarketNode> {
    return this.#nodes.page({
      tests: [],
      where: nodeCondition(filter),
      by: sort?.by ?? "registeredAt",
      descending: sort === undefined || sort.descending === true,
      offset,
      limit,
    });
  }

  subscribe(listener: (change: StoreChange) => void): () => void {
    return this.#changed.on(listener);
  }

  /** Everything as it was before the steps that can be taken back, and these steps; for a new file. */
  base(): { readonly floor: Tip | undefined; readonly changes: readonly Change[]; readonly steps: readonly Step[] } {
    const before = new Map<string, Change>();
    const keyOf = ({ table, key }: Change): string => `${table} ${key}`;
    // The oldest step that touched a value knows what it was before all of them.
    for (const { undo } of [...this.#done].reverse()) {
      for (const change of undo) {
        before.set(keyOf(change), change);
      }
    }
    const changes: Change[] = [];
    for (const change of allOf(this.tables)) {
      const old = before.get(keyOf(change));
      before.delete(keyOf(change));
      if (old === undefined) {
        changes.push(change);
      } else if (old.value !== undefined) {
        changes.push(old);
      }
    }
    // What is gone now but was there.
    changes.push(...[...before.values()].filter(({ value }) => value !== undefined));
    return { floor: this.#floor, changes, steps: this.#steps() };
  }

  /** The steps that can be taken back, made of the values before and after each. */
  #steps(): Step[] {
    const later = new Map<string, Change>();
    const steps: Step[] = [];
    for (const { tip, undo } of [...this.#done].reverse()) {
      const changes = undo.map((old): Change => {
        const key = `${old.table} ${old.key}`;
        const value = later.get(key) ?? this.#get(old);
        later.set(key, old);
        return value;
      });
      steps.unshift({ tip, changes });
    }
    return steps;
  }

  /** What is there now at a change's place. */
  #get(at: Change): Change {
    switch (at.table) {
      case "jobs":
        return { ...at, value: this.#jobs.rows.get(at.key) };
      case "nodes":
        return { ...at, value: this.#nodes.rows.get(at.key) };
      case "bids":
        return { ...at, value: this.#bids.get(at.key) };
      case "timelines":
        return { ...at, value: this.#timelines.get(at.key) };
    }
  }

  /** @returns the change that sets it back */
  #set(change: Change): Change {
    const before = this.#get(change);
    switch (change.table) {
      case "jobs":
        this.#jobs.set(change.key, change.value);
        break;
      case "nodes":
        this.#nodes.set(change.key, change.value);
        break;
      case "bids":
        this.#setBids(change.key, change.value);
        break;
      case "timelines":
        setOrDelete(this.#timelines, change.key, change.value);
        break;
    }
    return before;
  }

  #setBids(jobId: bigint, bids: readonly Bid[] | undefined): void {
    for (const { node } of this.bids(jobId)) {
      const jobs = this.#bidJobs.get(node);
      jobs?.delete(jobId);
      if (jobs?.size === 0) {
        this.#bidJobs.delete(node);
      }
    }
    setOrDelete(this.#bids, jobId, bids);
    for (const { node } of bids ?? []) {
      const jobs = this.#bidJobs.get(node) ?? new Set();
      jobs.add(jobId);
      this.#bidJobs.set(node, jobs);
    }
  }

  #tell(changes: readonly Change[], undone: boolean): void {
    const jobs = new Set<bigint>();
    const nodes = new Set<Address>();
    for (const change of changes) {
      if (change.table === "nodes") {
        nodes.add(change.key);
      } else {
        jobs.add(change.key);
      }
    }
    this.#changed.emit({ jobs, nodes, tip: this.tip, undone });
  }
}

function* allOf({ jobs, nodes, bids, timelines }: Tables): Iterable<Change> {
  for (const [key, value] of jobs) {
    yield { table: "jobs", key, value };
  }
  for (const [key, value] of nodes) {
    yield { table: "nodes", key, value };
  }
  for (const [key, value] of bids) {
    yield { table: "bids", key, value };
  }
  for (const [key, value] of timelines) {
    yield { table: "timelines", key, value };
  }
}

function setOrDelete<Key, Value>(map: Map<Key, Value>, key: Key, value: Value | undefined): void {
  if (value === undefined) {
    map.delete(key);
  } else {
    map.set(key, value);
  }
}
