import { describe, expect, it } from "vitest";
import { claimed } from "../testing/claims";
import { OTT, RATE, SPEC_CID, useMarket } from "../testing/market";
import { decide } from "./decide";
import { dispute } from "./dispute";

describe("decide", () => {
  const market = useMarket();
  const disputed = async (): Promise<bigint> => {
    const jobId = await claimed(market(), 600);
    const from = market().accounts.developer.address;
    await market().send(dispute(market().client, { from, jobId, evidenceCid: SPEC_CID }));
    return jobId;
  };

  it("slashes a node whose claim was false", async () => {
    const { client, accounts } = market();
    const jobId = await disputed();
    const { assignment } = await market().job(jobId, "disputed");
    await market().send(decide(client, { from: accounts.arbiter.address, jobId, award: 0n, slashBps: 10_000 }));
    const { settlement } = await market().job(jobId, "settled");
    expect(settlement).toMatchObject({ by: "decision", fault: "false", paid: 0n });
    expect(market().store.node(accounts.node.address)).toMatchObject({
      stake: 5_000n * OTT - assignment.locked,
      locked: 0n,
      reputation: 0n,
      record: { falseClaims: 1, slashed: assignment.locked },
    });
  });

  it("upholds a claim", async () => {
    const { client, accounts } = market();
    const jobId = await disputed();
    await market().send(decide(client, { from: accounts.arbiter.address, jobId, award: 600n * RATE, slashBps: 0 }));
    const { settlement } = await market().job(jobId, "settled");
    expect(settlement.paid + settlement.fee).toBe(600n * RATE);
    expect(market().store.node(accounts.node.address)?.reputation).toBe(settlement.fee);
  });

  it("is the arbiter's, and fits the claim", async () => {
    const { client, accounts } = market();
    const jobId = await disputed();
    const args = { from: accounts.arbiter.address, jobId, award: 601n * RATE, slashBps: 0 };
    await expect(decide(client, { ...args, from: accounts.developer.address })).rejects.toThrow("Only the arbiter");
    await expect(decide(client, args)).rejects.toThrow(/does not fit a claim of 6 OTT/);
  });
});
