import { describe, expect, it } from "vitest";
import { RATE, useMarket } from "../testing/market";
import { acceptBid } from "./accept-bid";

describe("acceptBid", () => {
  const market = useMarket((each) => each.register());

  it("assigns the job to the node and locks its stake", async () => {
    const { client, accounts } = market();
    const jobId = await market().post();
    await market().bid(jobId);
    const args = { from: accounts.developer.address, jobId, node: accounts.node.address, rate: RATE };
    await market().send(acceptBid(client, args));
    const job = await market().job(jobId, "assigned");
    expect(job).toMatchObject({ rounds: 1, assignment: { node: accounts.node.address, rate: RATE } });
    expect(market().store.bids(jobId)).toEqual([]);
    expect(market().store.node(accounts.node.address)?.locked).toBe(job.assignment.locked);
  });

  it("is refused when the bid was raised since it was shown", async () => {
    const { client, accounts } = market();
    const jobId = await market().post();
    await market().bid(jobId, accounts.node, 2n * RATE);
    const args = { from: accounts.developer.address, jobId, node: accounts.node.address, rate: RATE };
    await expect(acceptBid(client, args)).rejects.toThrow(/72 OTT per hour is higher.*it was raised/);
  });

  it("is refused for a bid that has run out, and after the time to choose", async () => {
    const { client, accounts } = market();
    const jobId = await market().post();
    await market().bid(jobId);
    const args = { from: accounts.developer.address, jobId, node: accounts.node.address, rate: RATE };
    await market().passSeconds(4000);
    await expect(acceptBid(client, args)).rejects.toThrow("was withdrawn or has run out");
    await market().passSeconds(90_000);
    await expect(acceptBid(client, args)).rejects.toThrow("It is too late for this");
  });
});
