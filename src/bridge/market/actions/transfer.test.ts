import { describe, expect, it } from "vitest";
import { OTT, useMarket } from "../testing/market";
import { transfer } from "./transfer";

describe("transfer", () => {
  const market = useMarket();

  it("sends OTT", async () => {
    const { client, accounts } = market();
    const to = accounts.stranger.address;
    await market().send(transfer(client, { from: accounts.developer.address, to, sum: 3n * OTT }));
    expect(await market().balance(to)).toBe(3n * OTT);
  });

  it("is refused with the sums when there is too little", async () => {
    const { client, accounts } = market();
    const args = { from: accounts.stranger.address, to: accounts.node.address, sum: OTT };
    await expect(transfer(client, args)).rejects.toThrow(/has 0 OTT, but needs 1 OTT. Get 1 OTT more/);
  });
});
