import { describe, expect, it } from "vitest";
import { OTT, useMarket } from "../testing/market";
import { stake } from "./stake";

describe("stake", () => {
  const market = useMarket((each) => each.register());

  it("adds to the stake", async () => {
    const from = market().accounts.node.address;
    await market().send(stake(market().client, { from, sum: 10n * OTT }));
    expect((await market().follow()).node(from)?.stake).toBe(5_010n * OTT);
  });

  it("is a node's", async () => {
    const from = market().accounts.developer.address;
    await expect(stake(market().client, { from, sum: OTT })).rejects.toThrow("Only the node's wallet");
  });
});
