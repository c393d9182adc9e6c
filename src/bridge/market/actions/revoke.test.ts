import { describe, expect, it } from "vitest";
import { useMarket } from "../testing/market";
import { revoke } from "./revoke";

describe("revoke", () => {
  const market = useMarket();

  it("takes the allowance back and leaves the others", async () => {
    const { client, accounts } = market();
    const from = accounts.developer.address;
    const before = await client.balances(from);
    await market().send(revoke(client, { from, spender: "registry" }));
    expect((await client.balances(from)).allowances).toEqual({ ...before.allowances, registry: 0n });
  });
});
