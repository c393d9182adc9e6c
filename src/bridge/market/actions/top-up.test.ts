import { describe, expect, it } from "vitest";
import { OTT, RATE, useMarket } from "../testing/market";
import { topUp } from "./top-up";

describe("topUp", () => {
  const market = useMarket();

  it("prolongs a running job by what the money pays", async () => {
    const { client, accounts } = market();
    const jobId = await market().running();
    const before = await market().job(jobId, "running");
    await market().send(topUp(client, { from: accounts.rival.address, jobId, sum: 100n * RATE }));
    const job = await market().job(jobId, "running");
    expect(job.service.endsAt - before.service.endsAt).toBe(100);
    expect(job.escrow).toBe(36n * OTT + 100n * RATE);
    expect(job.deposit).toBe(36n * OTT);
  });

  it("is refused without an allowance, with the sums", async () => {
    const jobId = await market().running();
    const from = market().accounts.stranger.address;
    await expect(topUp(market().client, { from, jobId, sum: OTT })).rejects.toThrow(
      /may take 0 OTT of your OTT, but needs 1 OTT.*ERC20InsufficientAllowance/,
    );
  });
});
