import { describe, expect, it } from "vitest";
import type { JobAction } from "../../protocol/market-rows";
import type { Receipt } from "../market/receipts";
import type { Job } from "../market/types";
import { jobActions, type Viewpoint } from "./job-actions";
import {
  ASSIGNMENT,
  activeNode,
  DEVELOPER,
  NODE,
  NOW,
  openJob,
  PARAMETERS,
  runningJob,
  STRANGER,
} from "./testing/fake-market";

const { acceptWindow, claimWindow } = PARAMETERS;

const seenBy = (account: Viewpoint["account"], more: Partial<Viewpoint> = {}): Viewpoint => ({
  account,
  node: account === NODE ? activeNode() : undefined,
  now: NOW,
  parameters: PARAMETERS,
  receipt: undefined,
  hasBid: false,
  acceptable: 1,
  ...more,
});

/** What can be done, and beside it what cannot with the reason. */
function actions(job: Job, view: Viewpoint): { can: JobAction[]; cannot: Partial<Record<JobAction, string>> } {
  const all = jobActions(job, view);
  return {
    can: all.filter(({ reason }) => reason === "").map(({ action }) => action),
    cannot: Object.fromEntries(all.filter(({ reason }) => reason !== "").map(({ action, reason }) => [action, reason])),
  };
}

const receipt = (isFinal: boolean): NonNullable<Viewpoint["receipt"]> => {
  const content: Receipt = {
    jobId: 1n,
    sequence: 1,
    usedSeconds: 100,
    amount: 1_000n,
    usageRoot: `0x${"00".repeat(32)}`,
    isFinal,
  };
  return { receipt: content, nodeSignature: "0x", developerSignature: "0x" };
};

const service = runningJob(1n).service;
const claim = {
  amount: 900n,
  root: `0x${"00".repeat(32)}`,
  logCid: "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4",
  last: {
    jobId: 1n,
    index: 0,
    usedSeconds: 90,
    cpuNanoseconds: 0n,
    memoryByteSeconds: 0n,
    networkBytes: 0n,
    blockBytes: 0n,
    gpuMilliseconds: 0n,
  },
  claimedAt: NOW - 10,
  disputableUntil: NOW + 100,
} as const;
const claimed: Job = { ...runningJob(1n), state: "claimed", service, claim };
const disputed: Job = {
  ...claimed,
  state: "disputed",
  dispute: { bond: 10n, evidenceCid: claim.logCid, disputedAt: NOW, decidableUntil: NOW + 500 },
};

describe("an open job", () => {
  it("is the developer's to accept a bid of, or to cancel", () => {
    expect(actions(openJob(1n), seenBy(DEVELOPER))).toEqual({ can: ["accept", "cancel"], cannot: {} });
    expect(actions(openJob(1n), seenBy(DEVELOPER, { acceptable: 0 })).cannot.accept).toBe(
      "There is no bid that can be taken.",
    );
  });

  it("takes a bid of the developer's choice until the last second of the time to accept", () => {
    const job = openJob(1n, { bidDeadline: NOW - acceptWindow });
    expect(actions(job, seenBy(DEVELOPER)).can).toContain("accept");
    expect(actions(job, seenBy(DEVELOPER)).cannot.expire).toMatch(/cancel the job instead, in 1 s/);
    const late = seenBy(DEVELOPER, { now: NOW + 1 });
    expect(actions(job, late).cannot.accept).toBe("The time to accept a bid is over.");
    expect(actions(job, late).can).toEqual(["cancel", "expire"]);
  });

  it("that goes to the lowest bid is assigned by anybody, after the deadline and within the time", () => {
    const job = openJob(1n, { matching: "lowestBid" });
    expect(actions(job, seenBy(undefined)).cannot.assignLowest).toMatch(/when the time for bids is over/);
    expect(actions(job, seenBy(undefined, { now: job.bidDeadline })).can).toEqual([]);
    expect(actions(job, seenBy(undefined, { now: job.bidDeadline + 1 })).can).toEqual(["assignLowest"]);
    expect(actions(job, seenBy(STRANGER, { now: job.bidDeadline + acceptWindow + 1 })).cannot.assignLowest).toBe(
      "The time to take a bid is over.",
    );
    expect(actions(job, seenBy(DEVELOPER)).can).not.toContain("accept");
  });

  it("can be bid for by a node that fits, until the deadline, and never by its own developer", () => {
    const job = openJob(1n);
    expect(actions(job, seenBy(NODE)).can).toEqual(["bid"]);
    expect(actions(job, seenBy(NODE, { hasBid: true })).can).toEqual(["bid", "withdrawBid"]);
    expect(actions(job, seenBy(NODE, { now: job.bidDeadline })).can).toEqual(["bid"]);
    expect(actions(job, seenBy(NODE, { now: job.bidDeadline + 1 })).cannot.bid).toBe("The time for bids is over.");
    expect(actions(job, seenBy(DEVELOPER, { node: activeNode({ address: DEVELOPER }) })).can).not.toContain("bid");
    expect(actions(job, seenBy(STRANGER)).can).toEqual([]);
    const weak = activeNode({ capacity: { ...activeNode().capacity, millicores: 499 } });
    expect(actions(job, seenBy(NODE, { node: weak })).cannot.bid).toMatch(/^Your node does not fit\. /);
  });
});

describe("an assigned job", () => {
  const job: Job = { ...openJob(1n), state: "assigned", assignment: ASSIGNMENT, startBy: NOW };

  it("is the node's to start or hand back until the last second, and then the developer's to take back", () => {
    expect(actions(job, seenBy(NODE)).can).toEqual(["start", "decline"]);
    expect(actions(job, seenBy(DEVELOPER)).cannot.expire).toMatch(/in 1 s/);
    expect(actions(job, seenBy(NODE, { now: NOW + 1 })).cannot).toEqual({
      start: "The time to start is over.",
      decline: "The time to start is over.",
    });
    expect(actions(job, seenBy(DEVELOPER, { now: NOW + 1 })).can).toEqual(["expire"]);
    expect(actions(job, seenBy(STRANGER, { now: NOW + 1 }))).toEqual({ can: [], cannot: {} });
  });
});

describe("a running job", () => {
  it("can be settled by its node with any receipt, by its developer with a final one", () => {
    const job = runningJob(1n);
    expect(actions(job, seenBy(NODE, { receipt: receipt(false) })).can).toContain("settle");
    expect(actions(job, seenBy(DEVELOPER, { receipt: receipt(false) })).cannot.settle).toMatch(/for the node only/);
    expect(actions(job, seenBy(DEVELOPER, { receipt: receipt(true) })).can).toContain("settle");
    const open = seenBy(DEVELOPER, { receipt: receipt(false), now: service.endsAt + claimWindow + 1 });
    expect(actions(job, open).can).toContain("settle");
  });

  it("is topped up only as far as its longest time, extended, and stopped by either side while it lasts", () => {
    const job = runningJob(1n);
    expect(actions(job, seenBy(DEVELOPER)).can).toEqual(["settle", "countersign", "topUp", "extend", "stop"]);
    expect(actions(job, seenBy(NODE)).can).toEqual(["settle", "signReceipt", "signExtension", "stop"]);
    const full = runningJob(1n, { escrow: ASSIGNMENT.rate * 3_600n });
    expect(actions(full, seenBy(DEVELOPER)).cannot.topUp).toMatch(/extend that first/);
    const ended = seenBy(DEVELOPER, { now: service.endsAt });
    expect(actions(job, ended).cannot).toMatchObject({
      topUp: "Service has ended.",
      extend: "Service has ended.",
      stop: "Service has ended.",
    });
    expect(actions(job, seenBy(STRANGER)).can).toEqual([]);
  });

  it("comes back to a developer whose node vanished, once the node's time to claim is over", () => {
    const due = service.endsAt + 2 * claimWindow;
    expect(actions(runningJob(1n), seenBy(DEVELOPER, { now: due })).cannot.expire).toMatch(/in 1 s/);
    expect(actions(runningJob(1n), seenBy(DEVELOPER, { now: due + 1 })).can).toContain("expire");
    expect(actions(runningJob(1n), seenBy(NODE, { now: due + 1 })).can).not.toContain("expire");
  });

  it("is not signed for twice", () => {
    expect(actions(runningJob(1n), seenBy(DEVELOPER, { receipt: receipt(true) })).cannot.countersign).toMatch(
      /signed by both sides/,
    );
  });
});

describe("a claim", () => {
  it("can be disputed by the developer until the last second, and finalized by anybody after it", () => {
    const last = claim.disputableUntil;
    expect(actions(claimed, seenBy(DEVELOPER, { now: last })).can).toEqual(["dispute"]);
    expect(actions(claimed, seenBy(STRANGER, { now: last })).can).toEqual([]);
    expect(actions(claimed, seenBy(STRANGER, { now: last + 1 })).can).toEqual(["finalize"]);
    expect(actions(claimed, seenBy(DEVELOPER, { now: last + 1 })).cannot.dispute).toBe("The time to dispute is over.");
  });

  it("gives way to a final receipt, for the two parties only, also when it is disputed", () => {
    for (const job of [claimed, disputed]) {
      expect(actions(job, seenBy(DEVELOPER, { receipt: receipt(true) })).can).toContain("settle");
      expect(actions(job, seenBy(NODE, { receipt: receipt(true) })).can).toContain("settle");
      expect(actions(job, seenBy(NODE, { receipt: receipt(false) })).can).not.toContain("settle");
      expect(actions(job, seenBy(STRANGER, { receipt: receipt(true) })).can).not.toContain("settle");
    }
  });

  it("that is disputed ends without the arbiter when its time is over", () => {
    expect(actions(disputed, seenBy(NODE, { now: NOW + 500 })).cannot.finalize).toMatch(/when the arbiter/);
    expect(actions(disputed, seenBy(NODE, { now: NOW + 501 })).can).toEqual(["finalize"]);
  });
});

it("offers nothing for a job that is over", () => {
  const settlement = { by: "receipt", paid: 1n, refunded: 0n, fee: 0n, fault: "none", settledAt: NOW } as const;
  const over: Job[] = [
    { ...runningJob(1n), state: "settled", settlement },
    { ...openJob(1n), state: "cancelled", cancelledAt: NOW, refunded: 1n },
  ];
  for (const job of over) {
    for (const account of [DEVELOPER, NODE, STRANGER, undefined]) {
      expect(jobActions(job, seenBy(account))).toEqual([]);
    }
  }
});
