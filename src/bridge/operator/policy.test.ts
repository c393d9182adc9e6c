import { describe, expect, it } from "vitest";
import type { ActiveNode, MarketParameters, OpenJob } from "../market/types";
import { askingRate, type BidPolicy, decide, NO_POLICY } from "./policy";

const OTT = 10n ** 18n;
const NOW = 1_800_000_000;
const developer = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const address = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
const capacity = { millicores: 8_000, mebibytes: 16_384, gpus: 1, gpuModel: 7, region: 276, labels: 0b11 };

const parameters = {
  stakePerMillicore: OTT / 100n,
  stakePerMebibyte: OTT / 200n,
  stakePerGpu: 500n * OTT,
  lockBps: 5_000,
} as MarketParameters;

const node: ActiveNode = {
  address,
  status: "active",
  stake: 1_000n * OTT,
  locked: 0n,
  unbonding: 0n,
  unbondedAt: 0,
  reputation: 0n,
  pledged: 0n,
  registeredAt: 1,
  record: { settled: 0, declined: 0, absent: 0, falseClaims: 0, earned: 0n, slashed: 0n },
  capacity,
  wireGuardKey: "0x01",
  keyEpoch: 1,
};

const job: OpenJob = {
  id: 1n,
  state: "open",
  developer,
  specCid: "",
  receiptKey: developer,
  matching: "developer",
  covered: false,
  availabilityBps: 0,
  maxRate: 2_000n,
  deposit: OTT,
  escrow: OTT,
  maxDuration: 3_600,
  need: { millicores: 1_000, mebibytes: 1_024, gpus: 0, gpuModel: 0, region: 0, labels: 0 },
  postedAt: NOW - 60,
  rounds: 0,
  barred: [],
  bidDeadline: NOW + 600,
};

const policy: BidPolicy = {
  ...NO_POLICY,
  enabled: true,
  floorPerMillicore: 1n,
  floorPerMebibyte: 0n,
  floorPerGpu: 500n,
};

const skipped = (change: {
  policy?: Partial<BidPolicy>;
  job?: Partial<OpenJob>;
  node?: Partial<ActiveNode>;
}): string => {
  const decision = decide(
    { ...policy, ...change.policy },
    { ...job, ...change.job },
    { ...node, ...change.node },
    parameters,
    NOW,
  );
  return decision.kind === "skip" ? decision.reason : "";
};

describe("bid policy", () => {
  it("asks the floor of what the job needs and the margin, rounded up", () => {
    expect(askingRate(policy, job)).toBe(1_200n);
    expect(askingRate({ ...policy, marginBps: 1 }, job)).toBe(1_001n);
    expect(askingRate({ ...policy, marginBps: 0 }, { need: { ...job.need, gpus: 2 } })).toBe(2_000n);
  });

  it("bids for a job that fits", () => {
    expect(decide(policy, job, node, parameters, NOW)).toEqual({ kind: "bid", rate: 1_200n, validUntil: NOW + 3_600 });
  });

  it("bids exactly the highest price that is paid, and not a wei more", () => {
    expect(skipped({ job: { maxRate: 1_200n } })).toBe("");
    expect(skipped({ job: { maxRate: 1_199n } })).toContain("pays at most");
  });

  it.each([
    ["is off", { policy: { enabled: false } }, "switched off"],
    ["came late", { job: { bidDeadline: NOW - 1 } }, "time for bids is over"],
    ["has no price", { policy: { floorPerMillicore: 0n } }, "no price"],
    ["keeps the node for others", { policy: { requiredLabels: 0b10 } }, "does not ask for the features"],
    ["takes only short jobs", { policy: { maxDuration: 3_599 } }, "1 h"],
    [
      "pledges no reputation",
      { policy: { acceptsCovered: false }, job: { covered: true }, node: { reputation: OTT } },
      "pledges reputation",
    ],
    ["spares the stake", { policy: { maxLockBps: 1 } }, "of the stake"],
    ["knows that the node failed it", { job: { barred: [address] } }, "failed this job"],
    ["knows that the node is too small", { job: { need: { ...job.need, millicores: 9_000 } } }, "less processor"],
    ["knows that the node is elsewhere", { job: { need: { ...job.need, region: 250 } } }, "another region"],
    ["knows that jobs hold the stake", { node: { locked: 999n * OTT } }, "too much of its stake"],
    ["does not serve itself", { job: { developer: address } }, "belongs to the job's developer"],
  ] as const)("leaves a job alone when it %s", (_, change, reason) => {
    expect(skipped(change)).toContain(reason);
  });

  it("does nothing for an address that is no node", () => {
    expect(decide(policy, job, undefined, parameters, NOW)).toEqual({
      kind: "skip",
      reason: "It is not registered.",
    });
  });
});
