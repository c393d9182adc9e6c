import { describe, expect, it } from "vitest";
import { RATE, useMarket } from "../testing/market";
import { reviseBid } from "./revise-bid";

describe("reviseBid", () => {
  const market = useMarket((each) => each.register());

  it("replaces the bid", async () => {
    const { client, accounts } = market();
    const jobId = await market().post();
    await market().bid(jobId, accounts.node, 2n * RATE);
    const node = accounts.node.address;
    const validUntil = (await market().now()) + 60;
    await market().send(reviseBid(client, { from: node, jobId, node, rate: RATE, validUntil }));
    expect((await market().follow()).bids(jobId)).toMatchObject([{ node, rate: RATE, validUntil }]);
  });
});
