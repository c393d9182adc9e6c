import { describe, expect, it } from "vitest";
import { claimed } from "../testing/claims";
import { useMarket } from "../testing/market";
import { finalize } from "./finalize";

describe("finalize", () => {
  const market = useMarket();

  it("pays an undisputed claim after the time to dispute", async () => {
    const { client, accounts } = market();
    const jobId = await claimed(market(), 600);
    const from = accounts.stranger.address;
    await expect(finalize(client, { from, jobId })).rejects.toThrow(/too early.*TooEarly/);
    await market().passSeconds(172_801);
    const { claim } = await market().job(jobId, "claimed");
    await market().send(finalize(client, { from, jobId }));
    const { settlement } = await market().job(jobId, "settled");
    expect(settlement).toMatchObject({ by: "finalized", fault: "none", usedSeconds: 600 });
    expect(settlement.paid + settlement.fee).toBe(claim.amount);
  });
});
