import { describe, expect, it } from "vitest";
import { OFFER, useMarket } from "../testing/market";
import { setCapacity } from "./set-capacity";

describe("setCapacity", () => {
  const market = useMarket((each) => each.register());

  it("changes the offer, as far as the stake suffices", async () => {
    const from = market().accounts.node.address;
    const capacity = { ...OFFER, gpus: 2, region: 250 };
    await market().send(setCapacity(market().client, { from, capacity }));
    expect((await market().follow()).node(from)).toMatchObject({ capacity, status: "active" });
    await expect(setCapacity(market().client, { from, capacity: { ...OFFER, gpus: 20 } })).rejects.toThrow(
      "offer less",
    );
  });
});
