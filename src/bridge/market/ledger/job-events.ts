import type { Address } from "viem";
import { cidFromBytes } from "../cid";
import { FAULTS, MATCHINGS } from "../codes";
import { lie, type MarketError } from "../errors";
import type { Assignment, Bid, Job, JobEvent, JobState, JobTerms, Settlement } from "../types";
import type { MarketEvent } from "./events";
import { changeNode, recordFault } from "./node-events";
import type { Draft } from "./tables";

/** How a job is being settled, between the event that says so and `JobSettled` of the same transaction. */
export type Settling = Map<bigint, Pick<Settlement, "by" | "usedSeconds">>;

/** Applies an event of the market or of settlement. @throws {MarketError} `rpc-lied` when it cannot have happened */
export function applyJobEvent(draft: Draft, event: MarketEvent, settling: Settling): void {
  switch (event.eventName) {
    case "JobPosted":
      posted(draft, event);
      break;
    case "BidPlaced": {
      const { jobId, node, rate, validUntil } = event.args;
      inState(draft, event, jobId, "open");
      const bid: Bid = { jobId, node, rate, validUntil, placedAt: event.at, transaction: event.transaction };
      draft.setBids(jobId, [...without(draft, jobId, node), bid].sort(byRate));
      break;
    }
    case "BidRemoved":
      draft.setBids(event.args.jobId, without(draft, event.args.jobId, event.args.node));
      break;
    case "JobAssigned":
      assigned(draft, event);
      break;
    case "JobStarted": {
      const { jobId, startedAt, endsAt } = event.args;
      const { startBy: _, ...job } = inState(draft, event, jobId, "assigned");
      draft.setJob({ ...job, state: "running", service: { startedAt, endsAt, promised: endsAt - startedAt } });
      draft.tell(jobId, told(event, "started", { who: event.args.node }));
      break;
    }
    case "JobFunded": {
      const { jobId, added, escrow, maxDuration, endsAt } = event.args;
      const job = inState(draft, event, jobId, "running");
      const service = { ...job.service, endsAt, promised: endsAt - job.service.startedAt };
      draft.setJob({ ...job, escrow, maxDuration, service });
      draft.tell(jobId, told(event, "funded", { amount: added }));
      break;
    }
    case "JobStopped": {
      const { jobId, by, endsAt } = event.args;
      const job = inState(draft, event, jobId, "running");
      // A node that leaves is measured against all that it had promised.
      const promised = by === job.developer ? endsAt - job.service.startedAt : job.service.promised;
      draft.setJob({ ...job, service: { ...job.service, endsAt, promised, stopped: { at: endsAt, by } } });
      draft.tell(jobId, told(event, "stopped", { who: by }));
      break;
    }
    case "JobReopened":
      reopened(draft, event);
      break;
    case "Claimed": {
      const { jobId, amount, root, logCid, last, disputableUntil } = event.args;
      const job = inState(draft, event, jobId, "running");
      const claim = { amount, root, logCid: cidOf(event, logCid), last, claimedAt: event.at, disputableUntil };
      draft.setJob({ ...job, state: "claimed", claim });
      draft.tell(jobId, told(event, "claimed", { amount, who: job.assignment.node }));
      break;
    }
    case "Disputed": {
      const { jobId, bond, evidenceCid, decidableUntil } = event.args;
      const job = inState(draft, event, jobId, "claimed");
      const dispute = { bond, evidenceCid: cidOf(event, evidenceCid), disputedAt: event.at, decidableUntil };
      draft.setJob({ ...job, state: "disputed", dispute });
      draft.tell(jobId, told(event, "disputed", { amount: bond, who: job.developer }));
      break;
    }
    case "ReceiptSettled":
      settling.set(event.args.jobId, { by: "receipt", usedSeconds: event.args.usedSeconds });
      draft.tell(event.args.jobId, told(event, "receipt", {}));
      break;
    case "Decided":
      settling.set(event.args.jobId, { by: "decision" });
      draft.tell(event.args.jobId, told(event, "decided", { amount: event.args.award }));
      break;
    case "Finalized":
      settling.set(event.args.jobId, { by: "finalized" });
      draft.tell(event.args.jobId, told(event, "finalized", { amount: event.args.awarded }));
      break;
    case "JobSettled":
      settled(draft, event, settling.get(event.args.jobId) ?? { by: "expiry" });
      settling.delete(event.args.jobId);
      break;
    case "JobCancelled": {
      const { jobId, refunded } = event.args;
      const { bidDeadline: _, ...job } = inState(draft, event, jobId, "open");
      draft.setJob({ ...job, state: "cancelled", cancelledAt: event.at, refunded });
      draft.setBids(jobId, []);
      draft.tell(jobId, told(event, "cancelled", { amount: refunded }));
      break;
    }
  }
}

type Of<Name extends MarketEvent["eventName"]> = Extract<MarketEvent, { eventName: Name }>;

function posted(draft: Draft, event: Of<"JobPosted">): void {
  const { jobId, developer, terms } = event.args;
  if (draft.job(jobId) !== undefined) {
    throw impossible(event, `job ${jobId} is posted twice`);
  }
  const { escrow, bidDeadline, matching, specCid, need, ...rest } = terms;
  draft.setJob({
    ...rest,
    need: { ...need },
    id: jobId,
    state: "open",
    developer,
    specCid: cidOf(event, specCid),
    matching: MATCHINGS[matching] ?? "developer",
    deposit: escrow,
    escrow,
    bidDeadline,
    postedAt: event.at,
    rounds: 0,
    barred: [],
  });
  draft.tell(jobId, told(event, "posted", { amount: escrow, who: developer }));
}

function assigned(draft: Draft, event: Of<"JobAssigned">): void {
  const { jobId, node, rate, locked, pledged, startBy } = event.args;
  const { bidDeadline: _, ...job } = inState(draft, event, jobId, "open");
  const assignment: Assignment = { node, rate, locked, pledged, assignedAt: event.at };
  draft.setJob({ ...job, state: "assigned", rounds: job.rounds + 1, assignment, startBy });
  draft.setBids(jobId, without(draft, jobId, node));
  changeNode(draft, event, node, (record) => ({
    locked: record.locked + locked,
    pledged: record.pledged + pledged,
  }));
  draft.tell(jobId, told(event, "assigned", { who: node, amount: rate }));
}

function reopened(draft: Draft, event: Of<"JobReopened">): void {
  const { jobId, node, bidDeadline } = event.args;
  const { assignment, startBy: _, ...job } = inState(draft, event, jobId, "assigned");
  const fault = FAULTS[event.args.fault] ?? "none";
  draft.setJob({ ...job, state: "open", bidDeadline, barred: [...job.barred, node] });
  changeNode(draft, event, node, (record) => ({
    locked: record.locked - assignment.locked,
    pledged: record.pledged - assignment.pledged,
    record: recordFault(record.record, fault),
  }));
  draft.tell(jobId, told(event, "reopened", { who: node, fault }));
}

function settled(draft: Draft, event: Of<"JobSettled">, how: Pick<Settlement, "by" | "usedSeconds">): void {
  const { jobId, paid, refunded, fee } = event.args;
  const fault = FAULTS[event.args.fault] ?? "none";
  const job = draft.job(jobId);
  if (job?.state !== "running" && job?.state !== "claimed" && job?.state !== "disputed") {
    throw impossible(event, `job ${jobId} is settled while it is ${job?.state ?? "not posted"}`);
  }
  const { assignment } = job;
  const shown = how.usedSeconds ?? (job.state === "running" ? undefined : job.claim.last.usedSeconds);
  const settlement: Settlement = {
    by: how.by,
    paid,
    refunded,
    fee,
    fault,
    settledAt: event.at,
    ...(shown !== undefined && { usedSeconds: shown }),
  };
  draft.setJob({ ...job, state: "settled", settlement });
  draft.setBids(jobId, []);
  changeNode(draft, event, assignment.node, (record) => ({
    locked: record.locked - assignment.locked,
    pledged: record.pledged - assignment.pledged,
    reputation: record.reputation + fee,
    record: recordFault(
      { ...record.record, settled: record.record.settled + 1, earned: record.record.earned + paid },
      fault,
    ),
  }));
  draft.tell(jobId, told(event, "settled", { who: assignment.node, amount: paid, fault }));
}

function inState<State extends JobState>(
  draft: Draft,
  event: MarketEvent,
  jobId: bigint,
  state: State,
): Extract<Job, { state: State }> {
  const job = draft.job(jobId);
  if (job?.state !== state) {
    throw impossible(event, `${event.eventName} of job ${jobId}, which is ${job?.state ?? "not posted"}`);
  }
  // The state tells one member of the union from another.
  return job as Extract<Job, { state: State }>;
}

/** An event that the contracts cannot have emitted after those that came before: some are missing or made up. */
export function impossible(event: MarketEvent, what: string): MarketError {
  return lie(`its events do not fit together: ${what} (block ${event.block})`);
}

function without(draft: Draft, jobId: bigint, node: Address): Bid[] {
  return draft.bids(jobId).filter((bid) => bid.node !== node);
}

function byRate(a: Bid, b: Bid): number {
  return a.rate < b.rate ? -1 : a.rate > b.rate ? 1 : a.placedAt - b.placedAt;
}

function told(
  event: MarketEvent,
  kind: JobEvent["kind"],
  about: Partial<Pick<JobEvent, "who" | "fault" | "amount">>,
): JobEvent {
  return { kind, at: event.at, block: event.block, transaction: event.transaction, ...about };
}

function cidOf(event: MarketEvent, bytes: `0x${string}`): JobTerms["specCid"] {
  const text = cidFromBytes(bytes);
  if (text === undefined) {
    throw impossible(event, `${event.eventName} with a content identifier that is none`);
  }
  return text;
}
