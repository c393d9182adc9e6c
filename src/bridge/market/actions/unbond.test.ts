import { describe, expect, it } from "vitest";
import { OTT, useMarket } from "../testing/market";
import { unbond } from "./unbond";

describe("unbond", () => {
  const market = useMarket();

  it("begins to take out stake", async () => {
    await market().register();
    const from = market().accounts.node.address;
    await market().send(unbond(market().client, { from, sum: 100n * OTT }));
    const node = (await market().follow()).node(from);
    expect(node).toMatchObject({ stake: 4_900n * OTT, unbonding: 100n * OTT });
    expect(node?.unbondedAt).toBe((await market().now()) + 1_209_600);
  });

  it("leaves what jobs hold", async () => {
    await market().assigned();
    const from = market().accounts.node.address;
    await expect(unbond(market().client, { from, sum: 5_000n * OTT })).rejects.toThrow(
      /5,000 OTT is more than what is there/,
    );
  });
});
