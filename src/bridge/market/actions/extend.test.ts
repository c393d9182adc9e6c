import { describe, expect, it } from "vitest";
import { OTT, useMarket } from "../testing/market";
import { extend } from "./extend";
import { signExtension } from "./sign-extension";

describe("extend", () => {
  const market = useMarket();

  it("prolongs a job with the node's consent", async () => {
    const { client, accounts } = market();
    const jobId = await market().running();
    const signing = signExtension(client, { from: accounts.delegate.address, jobId, maxDuration: 20_000 });
    const signature = await signing.sign(market().wallet(accounts.delegate.address));
    const args = { from: accounts.developer.address, jobId, maxDuration: 20_000, sum: 100n * OTT, signature };
    await market().send(extend(client, args));
    const job = await market().job(jobId, "running");
    expect(job).toMatchObject({ maxDuration: 20_000, escrow: 136n * OTT });
    expect(job.service.endsAt - job.service.startedAt).toBe(13_600);
  });

  it("is refused when somebody else consented, or to another duration", async () => {
    const { client, accounts } = market();
    const jobId = await market().running();
    const from = accounts.developer.address;
    const signed = async (address: typeof from, maxDuration: number) =>
      signExtension(client, { from: address, jobId, maxDuration }).sign(market().wallet(address));
    const args = { from, jobId, maxDuration: 20_000, sum: 100n * OTT };
    const foreign = await signed(accounts.stranger.address, 20_000);
    await expect(extend(client, { ...args, signature: foreign })).rejects.toThrow("The node did not agree");
    const other = await signed(accounts.node.address, 10_000);
    await expect(extend(client, { ...args, signature: other })).rejects.toThrow("The node did not agree");
  });
});
