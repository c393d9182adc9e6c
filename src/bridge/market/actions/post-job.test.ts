import { describe, expect, it } from "vitest";
import { createMarketClient } from "../create-market-client";
import { OTT, SPEC_CID, useMarket } from "../testing/market";
import { postJob } from "./post-job";
import { revoke } from "./revoke";

describe("postJob", () => {
  const market = useMarket();

  it("puts the escrow into the market", async () => {
    const { client, accounts, network } = market();
    const terms = await market().terms({ availabilityBps: 9_900, covered: true });
    const from = accounts.developer.address;
    const { jobId = 0n } = await market().send(postJob(client, { from, terms }));
    const job = await market().job(jobId, "open");
    const { escrow, ...rest } = terms;
    expect(job).toMatchObject({ ...rest, deposit: escrow, developer: from, rounds: 0, barred: [] });
    expect(await market().balance(network.addresses.market)).toBe(escrow);
  });

  it("says what it costs before anything is signed", async () => {
    const { client, accounts } = market();
    const prepared = await postJob(client, { from: accounts.developer.address, terms: await market().terms() });
    expect(prepared.costWei).toBe(prepared.gas * prepared.maxFeePerGas);
    expect(prepared.describes.map(({ label }) => label)).toEqual(
      expect.arrayContaining(["Escrow", "Highest price", "Longest duration", "Contract", "Network", "Fee at most"]),
    );
  });

  it.each<[string, Parameters<ReturnType<typeof market>["terms"]>[0], string]>([
    ["a receipt key that is zero", { receiptKey: `0x${"00".repeat(20)}` }, "no receipt key"],
    ["a deadline in the past", { bidDeadline: 1 }, "deadline for bids has passed"],
    ["a duration beyond the market's", { maxDuration: 2 ** 31 }, "longest duration is shorter or longer"],
    ["too little escrow", { escrow: 1n }, "at least 1.2 OTT and at most 144 OTT"],
    ["a CID that is none", { specCid: "bafy" }, 'The spec\'s CID "bafy" is no content identifier'],
    ["an availability above 100 %", { availabilityBps: 10_001 }, "more than 100 %"],
  ])("refuses %s", async (_what, change, message) => {
    const terms = await market().terms(change);
    const posting = postJob(market().client, { from: market().accounts.developer.address, terms });
    await expect(posting).rejects.toThrow(message);
  });

  it("refuses a spec that is not pinned", async () => {
    const asked: string[] = [];
    const client = createMarketClient({
      network: market().network,
      isPinned: async (cid) => {
        asked.push(cid);
        return false;
      },
    });
    const posting = postJob(client, { from: market().accounts.developer.address, terms: await market().terms() });
    await expect(posting).rejects.toMatchObject({
      code: "not-pinned",
      message: expect.stringContaining("Pin the spec"),
    });
    expect(asked).toEqual([SPEC_CID]);
  });

  it("needs an allowance, and says for how much", async () => {
    const { client, accounts } = market();
    const from = accounts.developer.address;
    await market().send(revoke(client, { from, spender: "market" }));
    await expect(postJob(client, { from, terms: await market().terms({ escrow: 36n * OTT }) })).rejects.toThrow(
      /may take 0 OTT of your OTT, but needs 36 OTT. Approve 36 OTT, or sign a permit/,
    );
  });
});
