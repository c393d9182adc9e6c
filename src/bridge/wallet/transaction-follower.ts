import {
  BaseError,
  isAddressEqual,
  type PublicClient,
  type Transaction,
  TransactionNotFoundError,
  type TransactionReceipt,
  TransactionReceiptNotFoundError,
} from "viem";
import { decodeContractError } from "../market/contract-errors";
import { revertData } from "../market/errors";
import type { TransactionRecord } from "./transaction-record";

/** Blocks on top of a transaction's own after which it is taken for final. */
const FINAL_DEPTH = 12n;
/** Looks in a row at which the network did not know the transaction, before it counts as dropped. */
const DROPPED_AFTER = 30;
/** Blocks that are searched for what replaced a transaction. */
const SEARCHED_BLOCKS = 30n;

/** Finds out what became of one transaction. */
export class TransactionFollower {
  readonly #node: PublicClient;
  #misses = 0;
  #looked = 0n;

  constructor(node: PublicClient) {
    this.#node = node;
  }

  /**
   * Looks once.
   *
   * @returns the same object when nothing changed
   * @throws when the node cannot be asked
   */
  async look(record: TransactionRecord): Promise<TransactionRecord> {
    const head = await this.#node.getBlockNumber({ cacheTime: 0 });
    if (record.state.kind !== "pending" && head === this.#looked) {
      return record;
    }
    this.#looked = head;
    const receipt = await this.#node
      .getTransactionReceipt({ hash: record.hash })
      .catch(notFound(TransactionReceiptNotFoundError));
    if (receipt !== undefined) {
      this.#misses = 0;
      return this.#withReceipt(record, receipt, head);
    }
    const transaction = await this.#node
      .getTransaction({ hash: record.hash })
      .catch(notFound(TransactionNotFoundError));
    if (transaction !== undefined) {
      this.#misses = 0;
      return record.state.kind === "pending" && record.nonce === transaction.nonce
        ? record
        : { ...record, nonce: transaction.nonce, state: { kind: "pending" } };
    }
    return this.#missing(record, head);
  }

  async #withReceipt(record: TransactionRecord, receipt: TransactionReceipt, head: bigint): Promise<TransactionRecord> {
    const { blockNumber, gasUsed, effectiveGasPrice, status } = receipt;
    const common = {
      block: String(blockNumber),
      costWei: String(gasUsed * effectiveGasPrice),
      final: head - blockNumber >= FINAL_DEPTH,
    };
    const { state } = record;
    if ((state.kind === "confirmed" || state.kind === "failed") && state.block === common.block) {
      return state.final === common.final ? record : { ...record, state: { ...state, final: common.final } };
    }
    if (status === "success") {
      return { ...record, state: { kind: "confirmed", ...common } };
    }
    return { ...record, state: { kind: "failed", ...common, reason: await this.#reason(record, blockNumber) } };
  }

  /** The network knows nothing of it: it was replaced, forgotten, or undone by a re-organisation. */
  async #missing(record: TransactionRecord, head: bigint): Promise<TransactionRecord> {
    if (record.nonce !== undefined) {
      const used = await this.#node.getTransactionCount({ address: record.from });
      if (used > record.nonce) {
        return { ...record, state: await this.#replacement(record, record.nonce, head) };
      }
    }
    this.#misses += 1;
    if (this.#misses >= DROPPED_AFTER) {
      return { ...record, state: { kind: "dropped" } };
    }
    return record.state.kind === "pending" ? record : { ...record, state: { kind: "pending" } };
  }

  async #replacement(record: TransactionRecord, nonce: number, head: bigint): Promise<TransactionRecord["state"]> {
    for (let number = head; number >= 0n && head - number < SEARCHED_BLOCKS; number -= 1n) {
      const { transactions } = await this.#node.getBlock({ blockNumber: number, includeTransactions: true });
      const by = transactions.find((other) => isAddressEqual(other.from, record.from) && other.nonce === nonce);
      if (by !== undefined) {
        return { kind: "replaced", how: howReplaced(record, by), by: by.hash };
      }
    }
    return { kind: "replaced", how: "other" };
  }

  /** Runs the transaction again to learn why it was reverted. */
  async #reason(record: TransactionRecord, blockNumber: bigint): Promise<string> {
    try {
      const { to, input, value, from, gas } = await this.#node.getTransaction({ hash: record.hash });
      await this.#node.call({ account: from, to, data: input, value, gas, blockNumber });
      return "The contract refused it, and gives no reason now.";
    } catch (error) {
      return reasonOf(error);
    }
  }
}

/** Why a contract refused, in words: its own reason where it has one. */
function reasonOf(error: unknown): string {
  const data = revertData(error);
  if (data !== undefined) {
    const { what, remedy } = decodeContractError(data);
    return `${what} ${remedy}`;
  }
  if (error instanceof BaseError) {
    return error.details || error.shortMessage;
  }
  return error instanceof Error ? error.message : String(error);
}

function howReplaced(record: TransactionRecord, by: Transaction): "repriced" | "cancelled" | "other" {
  if (by.to !== null && isAddressEqual(by.to, by.from) && by.value === 0n && by.input === "0x") {
    return "cancelled";
  }
  return by.to !== null && record.to !== null && isAddressEqual(by.to, record.to) ? "repriced" : "other";
}

/** Turns "there is none" into `undefined`, and nothing else. */
function notFound(kind: new (...args: never[]) => Error): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof kind) {
      return undefined;
    }
    throw error;
  };
}
