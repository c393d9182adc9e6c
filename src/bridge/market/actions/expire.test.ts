import { describe, expect, it } from "vitest";
import { OTT, useMarket } from "../testing/market";
import { expire } from "./expire";

describe("expire", () => {
  const market = useMarket();
  const expireJob = (jobId: bigint) => expire(market().client, { from: market().accounts.stranger.address, jobId });

  it("gives the escrow back when nobody was chosen", async () => {
    const jobId = await market().post();
    await market().passSeconds(600 + 86_402);
    await market().send(expireJob(jobId));
    expect((await market().job(jobId, "cancelled")).refunded).toBe(36n * OTT);
  });

  it("opens a job again whose node did not start, and takes of its stake", async () => {
    const jobId = await market().assigned();
    await market().follow();
    await market().passSeconds(901);
    await market().send(expireJob(jobId));
    await market().job(jobId, "open");
    const node = market().store.node(market().accounts.node.address);
    expect(node?.record.absent).toBe(1);
    expect(node?.record.slashed).toBeGreaterThan(0n);
    expect(node?.stake).toBe(5_000n * OTT - (node?.record.slashed ?? 0n));
  });

  it("refunds a job whose node claimed nothing", async () => {
    const jobId = await market().running();
    await market().passSeconds(7_200 + 2 * 86_400 + 2);
    await market().send(expireJob(jobId));
    const { settlement } = await market().job(jobId, "settled");
    expect(settlement).toMatchObject({ by: "expiry", paid: 0n, refunded: 36n * OTT, fault: "absent" });
    expect(settlement.usedSeconds).toBeUndefined();
  });

  it("is refused before the time", async () => {
    await expect(expireJob(await market().post())).rejects.toThrow(/too early.*it can be done from \d{4}-/);
  });
});
