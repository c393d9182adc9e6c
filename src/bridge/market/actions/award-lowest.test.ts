import { describe, expect, it } from "vitest";
import { RATE, useMarket } from "../testing/market";
import { awardLowest } from "./award-lowest";

describe("awardLowest", () => {
  const market = useMarket(async (each) => {
    await each.register();
    await each.register(each.accounts.rival);
  });

  it("takes the lowest bid after the deadline", async () => {
    const { client, accounts } = market();
    const jobId = await market().post({ matching: "lowestBid" });
    await market().bid(jobId, accounts.node, 2n * RATE);
    await market().bid(jobId, accounts.rival, RATE);
    const from = accounts.stranger.address;
    await expect(awardLowest(client, { from, jobId })).rejects.toThrow(/too early.*TooEarly/);
    await market().passSeconds(601);
    await market().send(awardLowest(client, { from, jobId }));
    const job = await market().job(jobId, "assigned");
    expect(job.assignment).toMatchObject({ node: accounts.rival.address, rate: RATE });
  });

  it("is refused where the developer picks", async () => {
    const { client, accounts } = market();
    const jobId = await market().post();
    await expect(awardLowest(client, { from: accounts.stranger.address, jobId })).rejects.toThrow("developer picks");
  });

  it("is refused without a bid", async () => {
    const { client, accounts } = market();
    const jobId = await market().post({ matching: "lowestBid" });
    await market().passSeconds(601);
    await expect(awardLowest(client, { from: accounts.stranger.address, jobId })).rejects.toThrow("None of the bids");
  });
});
