import { describe, expect, it } from "vitest";
import { NEED, OFFER, RATE, useMarket } from "../testing/market";
import { bid } from "./bid";

describe("bid", () => {
  const market = useMarket((each) => each.register());
  const args = async (jobId: bigint) => {
    const node = market().accounts.node.address;
    return { from: node, jobId, node, rate: RATE, validUntil: (await market().now()) + 3600 };
  };

  it("stands on the job's list", async () => {
    const jobId = await market().post();
    const given = await args(jobId);
    const prepared = await bid(market().client, given);
    expect(prepared.describes).toContainEqual({ label: "Price", value: "36 OTT per hour" });
    await market().send(Promise.resolve(prepared));
    const { node, rate, validUntil } = given;
    const { store } = market();
    await market().follow();
    expect(store.bids(jobId)).toMatchObject([{ jobId, node, rate, validUntil }]);
    expect(store.bidsOf(node)).toEqual(store.bids(jobId));
    expect(store.jobs({ filter: { bidder: node } }).rows.map(({ id }) => id)).toEqual([jobId]);
  });

  it("can be made by the delegate, and by nobody else", async () => {
    const { client, accounts } = market();
    const given = await args(await market().post());
    await market().send(bid(client, { ...given, from: accounts.delegate.address }));
    await expect(bid(client, { ...given, from: accounts.stranger.address })).rejects.toThrow("is neither");
  });

  it("is refused after the deadline, with the deadline", async () => {
    const given = await args(await market().post());
    await market().passSeconds(601);
    await expect(bid(market().client, given)).rejects.toThrow(
      /too late for this: it could be done until \d{4}-.*TooLate/,
    );
  });

  it("is refused above the highest price and at none", async () => {
    const given = await args(await market().post());
    await expect(bid(market().client, { ...given, rate: 3n * RATE })).rejects.toThrow(
      "higher than the highest allowed",
    );
    await expect(bid(market().client, { ...given, rate: 0n })).rejects.toThrow("The price is zero");
  });

  it("is refused with the reason when the node is not eligible", async () => {
    const jobId = await market().post({ need: { ...NEED, millicores: OFFER.millicores + 1 } });
    await expect(bid(market().client, await args(jobId))).rejects.toThrow("offers less processor, memory or GPUs");
  });

  it("refuses numbers that no contract takes before anything is asked", async () => {
    const given = { ...(await args(1n)), rate: 2n ** 96n };
    await expect(bid(market().client, given)).rejects.toMatchObject({ code: "bad-argument" });
    await expect(bid(market().client, { ...given, rate: RATE, validUntil: 1.5 })).rejects.toThrow("whole number");
  });
});
