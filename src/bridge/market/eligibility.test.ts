import { describe, expect, it } from "vitest";
import { pause } from "./actions";
import { ELIGIBILITIES } from "./codes";
import { nodeRegistryAbi } from "./contracts";
import { whyBidIneligible, whyIneligible } from "./eligibility";
import { NEED, OFFER, OTT, RATE, useMarket } from "./testing/market";
import type { Capacity, OpenJob } from "./types";

describe("whyIneligible", { timeout: 60_000 }, () => {
  const market = useMarket();

  it("says what the contract says, for any job", async () => {
    await market().assigned();
    const { client, accounts, network } = market();
    const parameters = await client.parameters();
    const posted = await market().job(await market().post(), "open");
    // A generator with a fixed seed (Park and Miller), so that each run asks the same.
    let seed = 1;
    const pick = <Value>(...values: Value[]): Value => {
      seed = (seed * 48_271) % 2_147_483_647;
      return values[seed % values.length] as Value;
    };
    const seen = new Set<string>();
    const ask = async (count: number): Promise<void> => {
      const node = (await market().follow()).node(accounts.node.address);
      for (let i = 0; i < count; i++) {
        const need: Capacity = {
          millicores: pick(1, OFFER.millicores, OFFER.millicores + 1),
          mebibytes: pick(1, OFFER.mebibytes),
          gpus: pick(0, 1),
          gpuModel: pick(0, 0, OFFER.gpuModel, 8),
          region: pick(0, 0, OFFER.region, 250),
          labels: pick(0, 0, 1, 2, 4),
        };
        const deposit = pick(1n, 100n, 5_000n, 9_900n, 30_000n) * OTT;
        const job: OpenJob = { ...posted, need, deposit, escrow: deposit, covered: pick(true, false) };
        const code = await client.chain.readContract({
          abi: nodeRegistryAbi,
          address: network.addresses.registry,
          functionName: "eligibility",
          args: [accounts.node.address, need, deposit, job.covered],
        });
        const said = whyIneligible(job, node, parameters)?.code ?? "eligible";
        expect(said, JSON.stringify({ need, deposit: `${deposit}`, covered: job.covered })).toBe(ELIGIBILITIES[code]);
        seen.add(said);
      }
    };
    await ask(150);
    await market().send(pause(client, { from: accounts.node.address, node: accounts.node.address }));
    await ask(2);
    expect([...seen].sort()).toEqual([
      "eligible",
      "label-missing",
      "other-gpu-model",
      "other-region",
      "paused",
      "reputation-too-low",
      "stake-locked",
      "too-small",
    ]);
  });

  it("says it with the figures", async () => {
    await market().register();
    const parameters = await market().client.parameters();
    const jobId = await market().post({ need: { ...NEED, millicores: 9_500, gpus: 2 } });
    const job = await market().job(jobId, "open");
    const node = market().store.node(market().accounts.node.address);
    expect(whyIneligible(job, node, parameters)?.reason).toBe(
      "It offers less processor, memory or GPUs than the job needs (8 of 9.5 cores, 1 of 2 GPUs).",
    );
    expect(whyIneligible(job, undefined, parameters)?.reason).toBe("It is not registered.");
  });

  it("knows bids that have run out and nodes that failed the job", async () => {
    await market().register();
    const parameters = await market().client.parameters();
    const jobId = await market().post();
    await market().bid(jobId);
    const job = await market().job(jobId, "open");
    const node = market().store.node(market().accounts.node.address);
    const [bid] = market().store.bids(jobId);
    if (bid === undefined || node === undefined) {
      throw new Error("there is no bid");
    }
    expect(whyBidIneligible(job, bid, node, parameters, bid.validUntil)).toBeUndefined();
    expect(whyBidIneligible(job, bid, node, parameters, bid.validUntil + 1)?.code).toBe("bid-expired");
    expect(whyIneligible({ ...job, barred: [node.address] }, node, parameters)?.code).toBe("barred");
    expect(whyIneligible({ ...job, developer: node.address }, node, parameters)?.code).toBe("own-job");
    expect(bid.rate).toBe(RATE);
  });
});
