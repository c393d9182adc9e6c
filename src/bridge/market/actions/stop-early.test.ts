import { describe, expect, it } from "vitest";
import { useMarket } from "../testing/market";
import { stopEarly } from "./stop-early";

describe("stopEarly", () => {
  const market = useMarket();

  it("ends service now for the developer", async () => {
    const { client, accounts } = market();
    const jobId = await market().running();
    await market().passSeconds(100);
    await market().send(stopEarly(client, { from: accounts.developer.address, jobId }));
    const { service } = await market().job(jobId, "running");
    expect(service.stopped).toEqual({ at: service.endsAt, by: accounts.developer.address });
    expect(service.promised).toBe(service.endsAt - service.startedAt);
    await expect(stopEarly(client, { from: accounts.developer.address, jobId })).rejects.toThrow("too late");
  });

  it("measures a node that leaves against what it had promised", async () => {
    const { client, accounts } = market();
    const jobId = await market().running();
    const { service: before } = await market().job(jobId, "running");
    await market().passSeconds(100);
    await market().send(stopEarly(client, { from: accounts.node.address, jobId }));
    const { service } = await market().job(jobId, "running");
    expect(service.promised).toBe(before.endsAt - before.startedAt);
    const { addresses } = market().network;
    const { computeMarketAbi } = await import("../contracts");
    const onChain = await client.chain.readContract({
      abi: computeMarketAbi,
      address: addresses.market,
      functionName: "service",
      args: [jobId],
    });
    expect(service).toMatchObject({ endsAt: onChain.endsAt, promised: onChain.promised, startedAt: onChain.startedAt });
  });
});
