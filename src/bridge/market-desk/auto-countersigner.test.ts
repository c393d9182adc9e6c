import { type Hex, keccak256, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, it } from "vitest";
import type { MarketNetwork } from "../market/network";
import { type Receipt, receiptTypedData } from "../market/receipts";
import type { MarketStore } from "../market/store";
import type { RunningJob } from "../market/types";
import { AutoCountersigner, type AutoCountersignerOptions } from "./auto-countersigner";
import { nodeReceiptText, ReceiptBook } from "./receipt-book";

const node = privateKeyToAccount(keccak256(toHex("node")));
const { address } = privateKeyToAccount(keccak256(toHex("stranger")));
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

/** A signer for a job that has been in service for 1,000 s at 10 wei a second. */
async function setUp(limits: Pick<AutoCountersignerOptions, "limit" | "missedSeconds"> = {}) {
  const secrets = new Map<string, string>();
  const memory = new Map<string, unknown>();
  const book = new ReceiptBook(
    network,
    { get: async (key) => secrets.get(key), store: async (key, value) => void secrets.set(key, value) },
    { get: (key) => memory.get(key), update: async (key, value) => void memory.set(key, value) },
  );
  const job = {
    id: 7n,
    state: "running",
    receiptKey: await book.newKey(),
    escrow: 100_000n,
    assignment: { node: node.address, rate: 10n, locked: 1n, pledged: 0n, assignedAt: 1 },
    service: { startedAt: NOW - 1_000, endsAt: NOW + 4_000, promised: 5_000 },
  } as RunningJob;
  const store = { job: (id: bigint) => (id === 7n ? job : undefined), node: () => undefined } as unknown as MarketStore;
  return { book, signer: new AutoCountersigner({ store: () => store, book, now: async () => NOW, ...limits }) };
}

async function signed(change: Partial<Receipt> = {}): Promise<string> {
  const receipt: Receipt = {
    jobId: 7n,
    sequence: 1,
    usedSeconds: 600,
    amount: 6_000n,
    usageRoot: keccak256("0x") satisfies Hex,
    isFinal: false,
    ...change,
  };
  return nodeReceiptText({ ...receipt, nodeSignature: await node.signTypedData(receiptTypedData(network, receipt)) });
}

describe("the developer's side, unattended", () => {
  it("gives the same receipt the same answer, and signs it once", async () => {
    const { book, signer } = await setUp();
    const answer = await signer.offer(7n, await signed());
    expect(await signer.offer(7n, await signed())).toBe(answer);
    expect(book.receipts(7n)).toHaveLength(1);
  });

  it("refuses another receipt with the same number", async () => {
    const { signer } = await setUp();
    await signer.offer(7n, await signed());
    await expect(signer.offer(7n, await signed({ usedSeconds: 700, amount: 7_000n }))).rejects.toThrow("repeated");
  });

  it("signs up to its own limit of cost and not a wei more", async () => {
    const { book, signer } = await setUp({ limit: () => 6_000n });
    await signer.offer(7n, await signed());
    const more = await signed({ sequence: 2, usedSeconds: 601, amount: 6_001n });
    await expect(signer.offer(7n, more)).rejects.toMatchObject({ code: "rejected" });
    expect(book.receipts(7n)).toHaveLength(1);
  });

  it("signs for no second in which it found the job to be down", async () => {
    const { signer } = await setUp({ missedSeconds: () => 400 });
    await expect(signer.offer(7n, await signed({ usedSeconds: 601, amount: 6_000n }))).rejects.toThrow(
      "down for 400 s",
    );
    await signer.offer(7n, await signed());
  });

  it.each([
    [7n, "nonsense"],
    [7n, "{}"],
    [8n, undefined],
  ])("refuses what is no receipt of job %s", async (jobId, text) => {
    const { signer } = await setUp();
    await expect(signer.offer(jobId, text ?? (await signed()))).rejects.toMatchObject({ code: "bad-receipt" });
  });
});
