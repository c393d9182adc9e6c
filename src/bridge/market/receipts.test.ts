import { describe, expect, it } from "vitest";
import type { MarketNetwork } from "./network";
import { checkReceipt, checkSignatures, type Receipt, type ReceiptContext, receiptTypedData } from "./receipts";
import { newAccount } from "./testing/market";

const [node, delegate, receiptKey, stranger] = [newAccount(), newAccount(), newAccount(), newAccount()];
const contract = (digit: string): `0x${string}` => `0x${digit.repeat(40)}`;
const NETWORK: MarketNetwork = {
  name: "test",
  chainId: 5,
  rpcUrl: "http://127.0.0.1:1",
  addresses: { token: contract("1"), registry: contract("2"), market: contract("3"), distribution: contract("4") },
  deploymentBlock: 0n,
  isDevnet: false,
  currency: "ETH",
};
const CONTEXT: ReceiptContext = {
  network: NETWORK,
  jobId: 7n,
  rate: 10n,
  startedAt: 1_000,
  endsAt: 2_000,
  escrow: 9_000n,
  node: node.address,
  delegate: delegate.address,
  receiptKey: receiptKey.address,
};
const FIRST: Receipt = {
  jobId: 7n,
  sequence: 3,
  usedSeconds: 100,
  amount: 1_000n,
  usageRoot: `0x${"11".repeat(32)}`,
  isFinal: false,
};
const NEXT: Receipt = { ...FIRST, sequence: 4, usedSeconds: 200, amount: 2_000n };

describe("checkReceipt", () => {
  it("lets a receipt pass that follows the last one", () => {
    expect(() => checkReceipt(FIRST, undefined, CONTEXT, 1_500)).not.toThrow();
    expect(() => checkReceipt(NEXT, FIRST, CONTEXT, 1_500)).not.toThrow();
  });

  it.each<[string, Receipt, Receipt | undefined, string]>([
    ["is repeated", FIRST, FIRST, "was signed before: it is repeated"],
    ["is out of order", FIRST, NEXT, "Receipt 3 is older than the last one, number 4"],
    ["is of another job", { ...NEXT, jobId: 8n }, FIRST, "is for job 8, not for job 7"],
    ["uses less than before", { ...NEXT, usedSeconds: 99 }, FIRST, "The use goes down, from 100 s to 99 s"],
    ["asks for less than before", { ...NEXT, amount: 999n }, FIRST, "The amount goes down"],
    ["follows the final one", NEXT, { ...FIRST, isFinal: true }, "none may follow it"],
    ["counts more use than service", { ...NEXT, usedSeconds: 501 }, FIRST, "in service for 500 s"],
    ["asks for more than the use costs", { ...NEXT, amount: 2_001n }, FIRST, "more than the use costs"],
    ["has no number", { ...FIRST, sequence: 0 }, undefined, "at least 1"],
  ])("refuses a receipt that %s", (_what, receipt, previous, message) => {
    expect(() => checkReceipt(receipt, previous, CONTEXT, 1_500)).toThrow(message);
  });

  it("refuses more than the job holds", () => {
    const receipt = { ...FIRST, usedSeconds: 1_000, amount: 10_000n };
    expect(() => checkReceipt(receipt, undefined, CONTEXT, 3_000)).toThrow("more than the job holds");
  });
});

describe("checkSignatures", () => {
  const signed = async (by = node, network = NETWORK, receipt = FIRST) => ({
    receipt: FIRST,
    nodeSignature: await by.signTypedData(receiptTypedData(network, receipt)),
    developerSignature: await receiptKey.signTypedData(receiptTypedData(NETWORK, FIRST)),
  });

  it("takes the node's wallet and its delegate", async () => {
    await checkSignatures(await signed(), CONTEXT);
    await checkSignatures(await signed(delegate), CONTEXT);
  });

  it.each<[string, () => ReturnType<typeof signed>]>([
    ["of somebody else", () => signed(stranger)],
    ["of the other side", () => signed(receiptKey)],
    ["for another chain", () => signed(node, { ...NETWORK, chainId: 6 })],
    [
      "for another contract",
      () => signed(node, { ...NETWORK, addresses: { ...NETWORK.addresses, distribution: contract("5") } }),
    ],
    ["for another job", () => signed(node, NETWORK, { ...FIRST, jobId: 8n })],
    ["for another amount", () => signed(node, NETWORK, { ...FIRST, amount: 999n })],
  ])("refuses a signature %s", async (_what, sign) => {
    await expect(checkSignatures(await sign(), CONTEXT)).rejects.toThrow("The node did not sign this receipt");
  });

  it("refuses a signature that is none", async () => {
    const broken = { ...(await signed()), developerSignature: "0x12" } as const;
    await expect(checkSignatures(broken, CONTEXT)).rejects.toThrow("has not 65 bytes");
  });
});
