import { describe, expect, it } from "vitest";
import { OTT, useMarket } from "../testing/market";
import { cancelUnbonding } from "./cancel-unbonding";
import { unbond } from "./unbond";

describe("cancelUnbonding", () => {
  const market = useMarket((each) => each.register());

  it("makes what is unbonding stake again", async () => {
    const { client, accounts } = market();
    const from = accounts.node.address;
    await market().send(unbond(client, { from, sum: 100n * OTT }));
    await market().send(cancelUnbonding(client, { from }));
    expect((await market().follow()).node(from)).toMatchObject({ stake: 5_000n * OTT, unbonding: 0n });
    await expect(cancelUnbonding(client, { from })).rejects.toThrow("there is nothing to be moved");
  });
});
