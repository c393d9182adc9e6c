import type { PublicClient } from "viem";
import { TransactionNotFoundError, TransactionReceiptNotFoundError } from "viem";
import { describe, expect, it } from "vitest";
import type { TransactionRecord, TransactionState } from "./transaction-record";
import { Transactions } from "./transactions";

const FROM = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const TO = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const HASH = `0x${"11".repeat(32)}` as const;
const OTHER = `0x${"22".repeat(32)}` as const;

const record: TransactionRecord = {
  hash: HASH,
  chainId: 31337,
  from: FROM,
  to: TO,
  title: "Post job",
  fields: [],
  sentAt: 1,
  nonce: 4,
  state: { kind: "pending" },
};

/** A chain that a test tells what it knows. */
class FakeChain {
  head = 100n;
  receipt: { blockNumber: bigint; status: "success" | "reverted" } | undefined;
  known = true;
  count = 4;
  successor: Record<string, unknown> | undefined;

  get client(): PublicClient {
    const transaction = { hash: HASH, nonce: 4, from: FROM, to: TO, input: "0x", value: 0n, gas: 21_000n };
    const client: Partial<Record<keyof PublicClient, unknown>> = {
      getBlockNumber: async () => this.head,
      getTransactionReceipt: async () => {
        if (this.receipt === undefined) {
          throw new TransactionReceiptNotFoundError({ hash: HASH });
        }
        return { ...this.receipt, gasUsed: 21_000n, effectiveGasPrice: 2n };
      },
      getTransaction: async () => {
        if (!this.known) {
          throw new TransactionNotFoundError({ hash: HASH });
        }
        return transaction;
      },
      getTransactionCount: async () => this.count,
      getBlock: async () => ({ transactions: this.successor === undefined ? [] : [this.successor] }),
      call: async () => {
        throw new Error("out of gas");
      },
    };
    return client as unknown as PublicClient;
  }
}

function listOn(chain: FakeChain, kept: unknown = undefined) {
  const problems: string[] = [];
  const saved: (readonly TransactionRecord[])[] = [];
  const transactions = new Transactions({
    store: {
      load: () => kept,
      save: async (records) => {
        saved.push(records);
      },
    },
    node: () => chain.client,
    pollMs: 1,
    onProblem: (message) => problems.push(message),
  });
  /** Resolves when the newest transaction is in such a state. */
  const until = (meant: (state: TransactionState) => boolean): Promise<TransactionState> =>
    new Promise((resolve) => {
      const look = (): void => {
        const state = transactions.all[0]?.state;
        if (state !== undefined && meant(state)) {
          stop();
          resolve(state);
        }
      };
      const stop = transactions.onChange(look);
      look();
    });
  return { transactions, problems, saved, until };
}

describe("transactions", () => {
  it("that were pending are followed up after a restart, until they are final", async () => {
    const chain = new FakeChain();
    const { transactions, saved, until } = listOn(chain, JSON.parse(JSON.stringify([record])));
    transactions.resume();
    chain.receipt = { blockNumber: 101n, status: "success" };
    chain.head = 101n;
    expect(await until(({ kind }) => kind === "confirmed")).toEqual({
      kind: "confirmed",
      block: "101",
      costWei: "42000",
      final: false,
    });
    chain.head = 120n;
    await until((state) => state.kind === "confirmed" && state.final);
    expect(saved.at(-1)?.[0]?.state).toMatchObject({ kind: "confirmed", final: true });
    transactions.dispose();
  });

  it("that a re-organisation undid are pending again", async () => {
    const chain = new FakeChain();
    const { transactions, until } = listOn(chain);
    transactions.add(record);
    chain.receipt = { blockNumber: 101n, status: "success" };
    await until(({ kind }) => kind === "confirmed");
    chain.receipt = undefined;
    chain.head = 102n;
    await until(({ kind }) => kind === "pending");
    chain.receipt = { blockNumber: 103n, status: "reverted" };
    chain.head = 103n;
    expect(await until(({ kind }) => kind === "failed")).toMatchObject({ block: "103", reason: "out of gas" });
    transactions.dispose();
  });

  it.each([
    ["cancelled", { hash: OTHER, from: FROM, to: FROM, nonce: 4, value: 0n, input: "0x" }],
    ["repriced", { hash: OTHER, from: FROM, to: TO, nonce: 4, value: 0n, input: "0x" }],
    ["other", { hash: OTHER, from: FROM, to: null, nonce: 4, value: 0n, input: "0x60" }],
  ])("whose place was taken are %s", async (how, successor) => {
    const chain = new FakeChain();
    Object.assign(chain, { known: false, count: 5, successor });
    const { transactions, until } = listOn(chain);
    transactions.add(record);
    expect(await until(({ kind }) => kind === "replaced")).toEqual({ kind: "replaced", how, by: OTHER });
    transactions.dispose();
  });

  it("that the network forgot are dropped", async () => {
    const chain = new FakeChain();
    chain.known = false;
    const { transactions, until } = listOn(chain);
    transactions.add(record);
    await until(({ kind }) => kind === "dropped");
    transactions.clearSettled();
    expect(transactions.all).toEqual([]);
    transactions.dispose();
  });

  it("that cannot be read are dropped with a word", () => {
    const { transactions, problems } = listOn(new FakeChain(), [
      { ...record, state: { kind: "confirmed", final: true, block: "1", costWei: "1" } },
      { hash: "0x1" },
    ]);
    expect(transactions.all).toHaveLength(1);
    expect(problems).toEqual(["1 kept transactions could not be read and were dropped."]);
    expect(listOn(new FakeChain(), "junk").transactions.all).toEqual([]);
  });
});
