import { type Hex, keccak256, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, it } from "vitest";
import type { MarketNetwork } from "../market/network";
import { type Receipt, receiptTypedData } from "../market/receipts";
import type { RunningJob } from "../market/types";
import { ReceiptBook } from "./receipt-book";

const node = privateKeyToAccount(keccak256(toHex("node")));
const stranger = privateKeyToAccount(keccak256(toHex("stranger")));
const address = stranger.address;
const NOW = 1_800_001_000;

const network: MarketNetwork = {
  name: "devnet",
  chainId: 31_337,
  rpcUrl: "http://127.0.0.1:1",
  addresses: { token: address, registry: address, market: address, distribution: address },
  deploymentBlock: 0n,
  isDevnet: true,
  currency: "ETH",
};

async function setUp(): Promise<{ book: ReceiptBook; job: RunningJob; secrets: Map<string, string> }> {
  const secrets = new Map<string, string>();
  const memory = new Map<string, unknown>();
  const book = new ReceiptBook(
    network,
    { get: async (key) => secrets.get(key), store: async (key, value) => void secrets.set(key, value) },
    {
      get: (key) => memory.get(key),
      update: async (key, value) => void memory.set(key, JSON.parse(JSON.stringify(value))),
    },
  );
  const job: RunningJob = {
    id: 7n,
    state: "running",
    developer: address,
    specCid: "",
    receiptKey: await book.newKey(),
    matching: "developer",
    covered: false,
    availabilityBps: 0,
    maxRate: 20n,
    deposit: 100_000n,
    escrow: 100_000n,
    maxDuration: 5_000,
    need: { millicores: 1, mebibytes: 1, gpus: 0, gpuModel: 0, region: 0, labels: 0 },
    postedAt: 1,
    rounds: 1,
    barred: [],
    assignment: { node: node.address, rate: 10n, locked: 1n, pledged: 0n, assignedAt: 1 },
    service: { startedAt: NOW - 1_000, endsAt: NOW + 4_000, promised: 5_000 },
  };
  return { book, job, secrets };
}

async function signed(change: Partial<Receipt> = {}, by = node, on = network): Promise<Record<string, unknown>> {
  const receipt: Receipt = {
    jobId: 7n,
    sequence: 1,
    usedSeconds: 600,
    amount: 6_000n,
    usageRoot: keccak256("0x") satisfies Hex,
    isFinal: false,
    ...change,
  };
  const nodeSignature = await by.signTypedData(receiptTypedData(on, receipt));
  return { ...receipt, jobId: String(receipt.jobId), amount: String(receipt.amount), nodeSignature };
}

const yes = async (): Promise<boolean> => true;

describe("receipts of the developer's side", () => {
  it("are signed, kept and found again in their order", async () => {
    const { book, job } = await setUp();
    await book.countersign(await signed(), job, undefined, NOW, yes);
    await book.countersign(
      await signed({ sequence: 2, usedSeconds: 700, amount: 7_000n, isFinal: true }),
      job,
      undefined,
      NOW,
      yes,
    );
    expect(book.receipts(7n).map(({ signed: { receipt } }) => receipt.sequence)).toEqual([1, 2]);
  });

  it.each([
    ["asks for more than the use costs", { amount: 6_001n }, "more than the use costs"],
    ["counts more seconds than were served", { usedSeconds: 1_001, amount: 1n }, "in service for"],
    ["is of another job", { jobId: 8n }, "not for job 7"],
  ] as const)("refuse one that %s", async (_, change, reason) => {
    const { book, job } = await setUp();
    await expect(book.countersign(await signed(change), job, undefined, NOW, yes)).rejects.toThrow(reason);
    expect(book.receipts(7n)).toEqual([]);
  });

  it("refuse one that is repeated, or goes down", async () => {
    const { book, job } = await setUp();
    await book.countersign(await signed(), job, undefined, NOW, yes);
    await expect(book.countersign(await signed(), job, undefined, NOW, yes)).rejects.toThrow("repeated");
    const less = await signed({ sequence: 2, usedSeconds: 599, amount: 1n });
    await expect(book.countersign(less, job, undefined, NOW, yes)).rejects.toThrow("goes down");
  });

  it("refuse one that somebody else signed, or that was signed for another chain", async () => {
    const { book, job } = await setUp();
    await expect(book.countersign(await signed({}, stranger), job, undefined, NOW, yes)).rejects.toThrow(
      "did not sign",
    );
    const elsewhere = await signed({}, node, { ...network, chainId: 1 });
    await expect(book.countersign(elsewhere, job, undefined, NOW, yes)).rejects.toThrow("did not sign");
  });

  it("refuse what is no receipt, and say where", async () => {
    const { book, job } = await setUp();
    await expect(book.countersign({ ...(await signed()), amount: "-1" }, job, undefined, NOW, yes)).rejects.toThrow(
      "amount",
    );
    await expect(book.countersign("x", job, undefined, NOW, yes)).rejects.toThrow("no receipt");
  });

  it("sign nothing that the user does not confirm, and nothing without the job's key", async () => {
    const { book, job, secrets } = await setUp();
    await expect(book.countersign(await signed(), job, undefined, NOW, async () => false)).rejects.toThrow(
      "not signed",
    );
    expect(book.receipts(7n)).toEqual([]);
    secrets.clear();
    await expect(book.countersign(await signed(), job, undefined, NOW, yes)).rejects.toThrow("no receipt key");
  });
});
