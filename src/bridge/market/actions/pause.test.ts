import { describe, expect, it } from "vitest";
import { useMarket } from "../testing/market";
import { bid } from "./bid";
import { pause } from "./pause";

describe("pause", () => {
  const market = useMarket((each) => each.register());

  it("takes no new jobs", async () => {
    const { client, accounts } = market();
    const node = accounts.node.address;
    const jobId = await market().post();
    await market().send(pause(client, { from: accounts.delegate.address, node }));
    expect((await market().follow()).node(node)?.status).toBe("paused");
    const validUntil = (await market().now()) + 60;
    await expect(bid(client, { from: node, jobId, node, rate: 1n, validUntil })).rejects.toThrow("it is paused");
  });
});
