import { describe, expect, it } from "vitest";
import { useMarket } from "../testing/market";
import { withdrawBid } from "./withdraw-bid";

describe("withdrawBid", () => {
  const market = useMarket((each) => each.register());

  it("takes the bid back, once", async () => {
    const { client, accounts } = market();
    const jobId = await market().post();
    await market().bid(jobId);
    const args = { from: accounts.delegate.address, jobId, node: accounts.node.address };
    await market().send(withdrawBid(client, args));
    expect((await market().follow()).bids(jobId)).toEqual([]);
    await expect(withdrawBid(client, args)).rejects.toThrow(/There is no bid of the node.*NoBid/);
  });
});
