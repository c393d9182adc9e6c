import { describe, expect, it } from "vitest";
import { OTT, useMarket } from "../testing/market";
import { approve } from "./approve";

describe("approve", () => {
  const market = useMarket();

  it("allows exactly the sum, and says to whom", async () => {
    const { client, accounts, network } = market();
    const from = accounts.developer.address;
    const prepared = await approve(client, { from, spender: "market", sum: 5n * OTT });
    expect(prepared.describes).toContainEqual({ label: "May be taken", value: "5 OTT" });
    expect(prepared.describes).toContainEqual({
      label: "By",
      value: `the compute market, ${network.addresses.market}`,
    });
    await market().send(Promise.resolve(prepared));
    expect((await client.balances(from)).allowances.market).toBe(5n * OTT);
  });
});
