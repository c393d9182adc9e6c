import { describe, expect, it } from "vitest";
import { useMarket } from "../testing/market";
import { bid } from "./bid";
import { decline } from "./decline";

describe("decline", () => {
  const market = useMarket();

  it("opens the job again and bars the node from it", async () => {
    const { client, accounts } = market();
    const jobId = await market().assigned();
    const node = accounts.node.address;
    await market().send(decline(client, { from: node, jobId }));
    const job = await market().job(jobId, "open");
    expect(job).toMatchObject({ rounds: 1, barred: [node] });
    expect(market().store.node(node)).toMatchObject({ locked: 0n, record: { declined: 1 } });
    const validUntil = (await market().now()) + 60;
    await expect(bid(client, { from: node, jobId, node, rate: 1n, validUntil })).rejects.toThrow(
      "failed this job before",
    );
  });
});
