import { describe, expect, it } from "vitest";
import {
  acceptBid,
  decide,
  decline,
  dispute,
  expire,
  extend,
  finalize,
  settleByReceipt,
  signExtension,
  start,
  stopEarly,
  topUp,
  unbond,
} from "../actions";
import { FAULTS, JOB_STATES, MATCHINGS } from "../codes";
import { computeMarketAbi, nodeRegistryAbi } from "../contracts";
import { claimed } from "../testing/claims";
import { OTT, RATE, SPEC_CID, type TestMarket, useMarket } from "../testing/market";

/** Compares all that the store says with what the contracts hold. */
async function agree(market: TestMarket): Promise<void> {
  const { store, network, client } = market;
  await market.follow();
  const ofMarket = { abi: computeMarketAbi, address: network.addresses.market } as const;
  for (const job of store.jobs({ limit: 1_000 }).rows) {
    const held = await client.chain.readContract({ ...ofMarket, functionName: "job", args: [job.id] });
    const service = await client.chain.readContract({ ...ofMarket, functionName: "service", args: [job.id] });
    expect(job).toMatchObject({
      state: JOB_STATES[held.state],
      developer: held.developer,
      matching: MATCHINGS[held.matching],
      rounds: held.rounds,
      deposit: held.deposit,
      maxDuration: held.maxDuration,
      escrow: service.escrow,
    });
    if ("service" in job) {
      expect(job.service).toMatchObject({
        startedAt: service.startedAt,
        endsAt: service.endsAt,
        promised: service.promised,
      });
    }
    if ("assignment" in job) {
      expect(job.assignment).toMatchObject({ node: held.node, rate: held.rate });
    }
    for (const bid of store.bids(job.id)) {
      const standing = await client.chain.readContract({
        ...ofMarket,
        functionName: "bidOf",
        args: [job.id, bid.node],
      });
      expect(bid).toMatchObject({ rate: standing.rate, validUntil: standing.validUntil });
    }
  }
  for (const node of store.nodes({ limit: 1_000 }).rows) {
    const held = await client.chain.readContract({
      abi: nodeRegistryAbi,
      address: network.addresses.registry,
      functionName: "node",
      args: [node.address],
    });
    expect(node).toMatchObject({
      status: ["exited", "active", "paused"][held.status],
      stake: held.stake,
      locked: held.locked,
      unbonding: held.unbonding,
      unbondedAt: held.unbondedAt,
      reputation: held.reputation,
      pledged: held.pledged,
      keyEpoch: held.keyEpoch,
    });
  }
}

describe("the store", { timeout: 60_000 }, () => {
  const market = useMarket();

  it("agrees with the contracts after everything that can happen to a job", async () => {
    const { client, accounts } = market();
    const [developer, node, rival] = [accounts.developer.address, accounts.node.address, accounts.rival.address];
    const disputed = await claimed(market(), 600);
    await agree(market());
    await market().send(dispute(client, { from: developer, jobId: disputed, evidenceCid: SPEC_CID }));
    await agree(market());
    await market().send(
      decide(client, { from: accounts.arbiter.address, jobId: disputed, award: OTT, slashBps: 5_000 }),
    );
    await agree(market());

    await market().register(accounts.rival);
    const jobId = await market().post();
    await market().bid(jobId);
    await market().bid(jobId, accounts.rival, 2n * RATE);
    await agree(market());
    await market().send(acceptBid(client, { from: developer, jobId, node, rate: RATE }));
    await market().send(decline(client, { from: node, jobId }));
    await agree(market());
    await market().send(acceptBid(client, { from: developer, jobId, node: rival, rate: 2n * RATE }));
    await market().send(start(client, { from: rival, jobId }));
    await market().send(topUp(client, { from: developer, jobId, sum: 10n * OTT }));
    const signing = signExtension(client, { from: rival, jobId, maxDuration: 50_000 });
    const signature = await signing.sign(market().wallet(rival));
    await market().send(extend(client, { from: developer, jobId, maxDuration: 50_000, sum: 10n * OTT, signature }));
    await agree(market());
    await market().passSeconds(50);
    await market().send(stopEarly(client, { from: rival, jobId }));
    await agree(market());
    await market().send(unbond(client, { from: rival, sum: OTT }));

    const idle = await market().post();
    await market().bid(idle, accounts.rival);
    await market().send(acceptBid(client, { from: developer, jobId: idle, node: rival, rate: RATE }));
    await market().passSeconds(901);
    await market().send(expire(client, { from: developer, jobId: idle }));
    await agree(market());
    expect(market().store.timeline(idle).at(-1)).toMatchObject({ kind: "reopened", fault: "absent" });
    expect(FAULTS).toContain("absent");
    expect(
      market()
        .store.jobs({ filter: { states: ["settled"] } })
        .rows.map(({ id }) => id),
    ).toEqual([disputed]);
  });

  it("agrees after a finalized claim and a receipt", async () => {
    const { client, accounts } = market();
    const first = await claimed(market(), 600);
    await market().passSeconds(172_801);
    await market().send(finalize(client, { from: accounts.stranger.address, jobId: first }));
    await agree(market());
    const jobId = await market().post();
    await market().bid(jobId);
    const { developer, node } = accounts;
    await market().send(acceptBid(client, { from: developer.address, jobId, node: node.address, rate: RATE }));
    await market().send(start(client, { from: node.address, jobId }));
    await market().passSeconds(100);
    await market().send(settleByReceipt(client, { from: node.address, signed: await market().receipt({ jobId }) }));
    await agree(market());
  });
});
