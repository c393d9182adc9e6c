import * as v from "valibot";
import type { Hash, PublicClient } from "viem";
import { Emitter, type Unsubscribe } from "../emitter";
import { delay } from "../wait";
import { TransactionFollower } from "./transaction-follower";
import { isUnsettled, type TransactionRecord, transactionRecord } from "./transaction-record";

/** Keeps the list over restarts. It holds no secrets. */
export interface TransactionStore {
  load(): unknown;
  save(records: readonly TransactionRecord[]): PromiseLike<void>;
}

export interface TransactionsOptions {
  readonly store: TransactionStore;
  /** The node of a network; `undefined` when the settings name the network no longer. */
  readonly node: (chainId: number) => PublicClient | undefined;
  /** Pause between two looks at the chain, in milliseconds. */
  readonly pollMs?: number;
  readonly onProblem: (message: string) => void;
}

/** Older ones are forgotten. */
const MOST = 200;

/** The transactions that the wallet sent, newest first. What is unsettled is followed, also after a restart. */
export class Transactions {
  readonly #options: TransactionsOptions;
  readonly #changes = new Emitter<void>();
  readonly #closing = new AbortController();
  readonly #following = new Set<Hash>();
  #records: readonly TransactionRecord[];

  constructor(options: TransactionsOptions) {
    this.#options = options;
    this.#records = recordsIn(options.store.load(), options.onProblem);
  }

  get all(): readonly TransactionRecord[] {
    return this.#records;
  }

  onChange(listener: () => void): Unsubscribe {
    return this.#changes.on(listener);
  }

  /** Follows what was unsettled when the list was kept. Call it again when the networks changed. */
  resume(): void {
    for (const record of this.#records.filter(isUnsettled)) {
      this.#follow(record.hash);
    }
  }

  /** Adds a transaction that was sent just now, and follows it. */
  add(record: TransactionRecord): void {
    this.#set([record, ...this.#records.filter(({ hash }) => hash !== record.hash)].slice(0, MOST));
    this.#follow(record.hash);
  }

  /** Forgets those of which nothing can become any more. */
  clearSettled(): void {
    this.#set(this.#records.filter(isUnsettled));
  }

  dispose(): void {
    this.#closing.abort();
    this.#changes.clear();
  }

  #follow(hash: Hash): void {
    const record = this.#records.find((other) => other.hash === hash);
    const node = record === undefined ? undefined : this.#options.node(record.chainId);
    if (record === undefined || node === undefined || this.#following.has(hash)) {
      return;
    }
    this.#following.add(hash);
    void this.#run(record, node).finally(() => this.#following.delete(hash));
  }

  async #run(first: TransactionRecord, node: PublicClient): Promise<void> {
    const { signal } = this.#closing;
    const follower = new TransactionFollower(node);
    let record = first;
    try {
      while (!signal.aborted && isUnsettled(record)) {
        const next = await follower.look(record).catch(() => record);
        if (signal.aborted) {
          return;
        }
        if (next !== record) {
          record = next;
          this.#set(this.#records.map((other) => (other.hash === record.hash ? record : other)));
        }
        if (isUnsettled(record)) {
          await delay(this.#options.pollMs ?? 2_000, signal);
        }
      }
    } catch {
      // Disposed: the next start goes on.
    }
  }

  #set(records: readonly TransactionRecord[]): void {
    this.#records = records;
    this.#options.store.save(records).then(undefined, (error: unknown) => {
      this.#options.onProblem(`The list of transactions could not be kept: ${String(error)}`);
    });
    this.#changes.emit();
  }
}

/** The records of what was kept that can be read; the others are dropped. */
function recordsIn(kept: unknown, onProblem: (message: string) => void): TransactionRecord[] {
  if (kept === undefined) {
    return [];
  }
  const items: readonly unknown[] = Array.isArray(kept) ? kept : [];
  const parsed = items.map((item) => v.safeParse(transactionRecord, item));
  const unreadable = Array.isArray(kept) ? parsed.filter(({ success }) => !success).length : 1;
  if (unreadable > 0) {
    onProblem(`${unreadable} kept transactions could not be read and were dropped.`);
  }
  return parsed.flatMap((result) => (result.success ? [result.output] : []));
}
