import { describe, expect, it } from "vitest";
import { OTT, useMarket } from "../testing/market";
import { exit } from "./exit";

describe("exit", () => {
  const market = useMarket();

  it("leaves with the whole stake unbonding, and may come back", async () => {
    const { client, accounts } = market();
    const from = accounts.node.address;
    await market().register();
    await market().send(exit(client, { from }));
    expect((await market().follow()).node(from)).toMatchObject({
      status: "exited",
      stake: 0n,
      unbonding: 5_000n * OTT,
    });
    await market().register();
    expect((await market().follow()).node(from)).toMatchObject({ status: "active", keyEpoch: 2, stake: 5_000n * OTT });
  });

  it("is refused while a job holds stake", async () => {
    await market().assigned();
    const from = market().accounts.node.address;
    await expect(exit(market().client, { from })).rejects.toThrow(/Jobs still hold .* OTT of the node's stake/);
  });
});
