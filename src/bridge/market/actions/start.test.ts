import { describe, expect, it } from "vitest";
import { OTT, RATE, useMarket } from "../testing/market";
import { start } from "./start";

describe("start", () => {
  const market = useMarket();

  it("begins service until money or time are used up", async () => {
    const { client, accounts } = market();
    const jobId = await market().assigned({ escrow: 36n * OTT });
    await market().send(start(client, { from: accounts.delegate.address, jobId }));
    const { service } = await market().job(jobId, "running");
    expect(service.endsAt - service.startedAt).toBe(Number((36n * OTT) / RATE));
  });

  it("is refused after the time to start", async () => {
    const jobId = await market().assigned();
    await market().passSeconds(901);
    await expect(start(market().client, { from: market().accounts.node.address, jobId })).rejects.toThrow("too late");
  });
});
