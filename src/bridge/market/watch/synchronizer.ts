import { BaseError, type PublicClient, RpcRequestError } from "viem";
import { delay } from "../../wait";
import { lie } from "../errors";
import { decodeLog, ledgerContracts, type MarketEvent, type TimedLog } from "../ledger/events";
import type { MemoryStore, Step } from "../ledger/memory-store";
import type { StoreFile } from "../ledger/store-file";
import type { MarketNetwork } from "../network";
import type { Tip } from "../store";
import { mayHoldLogs } from "./bloom";
import { type Head, headAt } from "./head";
import { LogReader } from "./log-reader";

/** Told while past blocks are read: block `at` of `to`, begun at `from`. */
export type Progress = (from: bigint, at: bigint, to: bigint) => void;

/** Brings the store to the chain's last block. Each block is read once; blocks that the chain took back are undone. */
export class Synchronizer {
  readonly #network: MarketNetwork;
  readonly #chain: PublicClient;
  readonly #store: MemoryStore;
  readonly #file: StoreFile | undefined;
  readonly #reader: LogReader;

  constructor(network: MarketNetwork, chain: PublicClient, store: MemoryStore, file?: StoreFile) {
    this.#network = network;
    this.#chain = chain;
    this.#store = store;
    this.#file = file;
    this.#reader = new LogReader(network, chain);
  }

  /**
   * Follows the chain to a block. Calls must not overlap.
   *
   * @throws {MarketError} what the RPC said that cannot be true; what viem throws when it cannot be asked
   */
  async follow(head: Head, progress: Progress, signal?: AbortSignal): Promise<void> {
    const { tip } = this.#store;
    if (tip?.hash === head.hash) {
      return;
    }
    if (tip !== undefined && head.number === tip.number + 1n && head.parentHash === tip.hash) {
      const contracts = ledgerContracts(this.#network.addresses);
      const silent = head.logsBloom !== undefined && !mayHoldLogs(head.logsBloom, contracts);
      const logs = silent ? [] : await this.#ofNewBlock(head, signal);
      this.#take(head, logs);
      return;
    }
    await this.#catchUp(head, progress, signal);
  }

  /** A provider has many machines; the one that is asked may not have heard yet of a block that another one told of. */
  async #ofNewBlock(head: Head, signal?: AbortSignal): Promise<TimedLog[]> {
    for (const pause of [200, 400, 800]) {
      try {
        return await this.#reader.ofBlock(head);
      } catch (error) {
        if (!(error instanceof BaseError && error.walk((cause) => cause instanceof RpcRequestError) !== null)) {
          throw error;
        }
        await delay(pause, signal);
      }
    }
    return this.#reader.ofBlock(head);
  }

  /** Forgets everything, for a chain whose events do not fit to what is known. */
  reset(): void {
    this.#store.reset();
    this.#file?.renew();
  }

  async #catchUp(head: Head, progress: Progress, signal?: AbortSignal): Promise<void> {
    const known = this.#store.tips().find(({ number }) => number === head.number);
    if (known?.hash === head.hash) {
      // A machine of the provider that is behind the others.
      return;
    }
    const common = await this.#common(head);
    const { tip } = this.#store;
    if (tip !== undefined && common === undefined) {
      this.reset();
    } else if (tip !== undefined && common !== undefined && common.number < tip.number) {
      this.#undoTo(common.number);
    }
    const from = common === undefined ? this.#network.deploymentBlock : common.number + 1n;
    for (let next = from; next <= head.number; ) {
      signal?.throwIfAborted();
      progress(from, next, head.number);
      const { logs, last } = await this.#reader.page(next, head.number);
      const end = last === head.number ? head : await headAt(this.#chain, last);
      const now = last === head.number ? await headAt(this.#chain, last) : end;
      if (end === undefined || now?.hash !== end.hash) {
        // The chain took blocks back while they were read; the next block begins from what is certain.
        return;
      }
      this.#takeAll(end, logs);
      next = last + 1n;
    }
  }

  /** The newest block of the store that is in the chain; undefined when there is none. */
  async #common(head: Head): Promise<Tip | undefined> {
    const tips = this.#store.tips().filter(({ number }) => number < head.number);
    const isInChain = async (tip: Tip | undefined): Promise<boolean> =>
      tip !== undefined && (await headAt(this.#chain, tip.number))?.hash === tip.hash;
    if (await isInChain(tips[0])) {
      return tips[0];
    }
    // What is in the chain has all its ancestors in the chain, so half of the rest can be left out with each question.
    let low = 1;
    let high = tips.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (await isInChain(tips[middle])) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return tips[low];
  }

  #takeAll(end: Head, logs: readonly TimedLog[]): void {
    const blocks = new Map<bigint, TimedLog[]>();
    for (const each of logs) {
      const block = blocks.get(each.log.blockNumber) ?? [];
      block.push(each);
      blocks.set(each.log.blockNumber, block);
    }
    for (const [number, ofBlock] of blocks) {
      const first = ofBlock[0];
      if (first === undefined) {
        continue;
      }
      if (number === end.number && first.log.blockHash !== end.hash) {
        throw lie(`the logs of block ${number} are of ${first.log.blockHash}, the block is ${end.hash}`);
      }
      this.#take({ number, hash: first.log.blockHash, timestamp: first.at }, ofBlock);
    }
    if (!blocks.has(end.number)) {
      this.#take(end, []);
    }
  }

  #take({ number, hash, timestamp }: Tip, logs: readonly TimedLog[]): void {
    const events: MarketEvent[] = logs.map((log) => decodeLog(log, this.#network.addresses));
    const step: Step = this.#store.draft({ number, hash, timestamp }, events);
    this.#store.commit(step);
    this.#file?.append(step);
  }

  #undoTo(block: bigint): void {
    this.#store.undoTo(block);
    this.#file?.undo(block);
  }
}
