import { describe, expect, it } from "vitest";
import { OTT, useMarket } from "../testing/market";
import { unbond } from "./unbond";
import { withdrawStake } from "./withdraw-stake";

describe("withdrawStake", () => {
  const market = useMarket((each) => each.register());

  it("pays out after the unbonding delay, not before", async () => {
    const { client, accounts } = market();
    const from = accounts.node.address;
    await market().send(unbond(client, { from, sum: 100n * OTT }));
    await expect(withdrawStake(client, { from })).rejects.toThrow(/still unbonding, until \d{4}-/);
    await market().passSeconds(1_209_601);
    const before = await market().balance(from);
    await market().send(withdrawStake(client, { from }));
    expect((await market().balance(from)) - before).toBe(100n * OTT);
    expect((await market().follow()).node(from)?.unbonding).toBe(0n);
  });
});
