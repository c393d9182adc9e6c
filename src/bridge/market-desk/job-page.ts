import type { JobPage, ReceiptRow, TimeLineStep } from "../../protocol/market-rows";
import { whyBidIneligible } from "../market/eligibility";
import { deadlineOf } from "../market/ledger/job-index";
import type { MarketStore } from "../market/store";
import type { Fault, Job, JobEvent, MarketParameters } from "../market/types";
import { duration, ott, perHour, short } from "../market/words";
import { jobActions } from "./job-actions";
import type { Onlooker } from "./job-rows";
import type { KnownReceipt } from "./receipt-book";

/** All that the panel shows of one job. @param receipts that are known, oldest first */
export function jobPage(store: MarketStore, job: Job, onlooker: Onlooker, receipts: readonly KnownReceipt[]): JobPage {
  const { account, now, parameters } = onlooker;
  const bids = job.state === "open" ? store.bids(job.id) : [];
  const view = {
    ...onlooker,
    node: account === undefined ? undefined : store.node(account),
    receipt: receipts.at(-1)?.signed,
    hasBid: bids.some(({ node }) => node === account),
    acceptable: bids.filter((bid) => whyBidIneligible(job, bid, store.node(bid.node), parameters, now) === undefined)
      .length,
  };
  const service = "service" in job ? job.service : undefined;
  const stopped =
    service !== undefined && (service.stopped !== undefined || now >= service.endsAt || job.state !== "running");
  return {
    id: String(job.id),
    specCid: job.specCid,
    waits: waitsFor(job, onlooker, bids.length),
    deadline: job.state === "settled" || job.state === "cancelled" ? null : deadlineOf(job),
    startedAt: service?.startedAt ?? null,
    endsAt: service?.endsAt ?? null,
    stoppedAt: stopped ? (service?.stopped?.at ?? service?.endsAt ?? null) : null,
    paid: job.state === "settled" ? String(job.settlement.paid) : null,
    refunded:
      job.state === "settled"
        ? String(job.settlement.refunded)
        : job.state === "cancelled"
          ? String(job.refunded)
          : null,
    fee: job.state === "settled" ? String(job.settlement.fee) : null,
    claim: claimOf(job, parameters),
    steps: steps(job, store.timeline(job.id), parameters).slice(-100),
    receipts: receipts.map(receiptRow),
    actions: jobActions(job, view),
  };
}

/** The bond that a dispute needs (`RewardDistribution.bondFor`). @param amount wei of OTT */
export function bondFor(amount: bigint, { bondBps, minBond }: MarketParameters): bigint {
  const share = (amount * BigInt(bondBps)) / 10_000n;
  return share > minBond ? share : minBond;
}

function claimOf(job: Job, parameters: MarketParameters): JobPage["claim"] {
  if (job.state !== "claimed" && job.state !== "disputed") {
    return null;
  }
  return {
    amount: String(job.claim.amount),
    until: job.state === "claimed" ? job.claim.disputableUntil : job.dispute.decidableUntil,
    bond: job.state === "disputed" ? String(job.dispute.bond) : "0",
    bondNeeded: String(bondFor(job.claim.amount, parameters)),
  };
}

function receiptRow({ signed: { receipt }, at }: KnownReceipt): ReceiptRow {
  const { sequence, usedSeconds, amount, isFinal } = receipt;
  return { sequence, usedSeconds, amount: String(amount), at, final: isFinal };
}

function waitsFor(job: Job, { account, now }: Onlooker, bids: number): string {
  const own = job.developer === account;
  switch (job.state) {
    case "open":
      if (job.matching === "lowestBid") {
        return now <= job.bidDeadline
          ? "Nodes bid until the deadline; then the lowest bid that can be taken wins."
          : "The time for bids is over; anyone may have the contract take the lowest bid now.";
      }
      if (now > job.bidDeadline) {
        return bids === 0
          ? "The time for bids is over."
          : "The time for bids is over; the developer may still accept one.";
      }
      return own
        ? "Nodes bid until the deadline; accept one of the bids at any time."
        : "Nodes bid until the deadline; the developer accepts one.";
    case "assigned":
      return "The node has to start it. If it does not, bids open again and the node loses a part of its stake.";
    case "running":
      return now >= job.service.endsAt
        ? "Service has ended. It waits to be settled, by a receipt or by the node's proof."
        : "It runs. It ends when the time or the money is used up.";
    case "claimed":
      return own
        ? "The node claims its pay by proof. Dispute it if it is wrong; otherwise it is paid."
        : "The developer may dispute the claim; otherwise it is paid.";
    case "disputed":
      return "The arbiter decides. If it does not in time, half of the claim is paid.";
    case "settled":
    case "cancelled":
      return "";
  }
}

const FAULTS: Readonly<Record<Fault, string>> = {
  none: "",
  declined: "It handed the job back.",
  absent: "It did not start in time, or vanished.",
  false: "Its claim was found to be false.",
};

function steps(job: Job, events: readonly JobEvent[], parameters: MarketParameters): TimeLineStep[] {
  const final = job.state === "settled" || job.state === "cancelled";
  const done = events.map((event, at): TimeLineStep => {
    const last = at === events.length - 1;
    const { title, detail, failed } = wordsOf(event, job);
    return {
      title,
      detail,
      at: event.at,
      status: failed ? "failed" : last && !final ? "now" : "done",
      transaction: event.transaction.toLowerCase(),
    };
  });
  return [...done, ...comingSteps(job, parameters)];
}

function wordsOf(event: JobEvent, job: Job): { title: string; detail: string; failed: boolean } {
  const who = event.who === undefined ? "The node" : short(event.who);
  const sum = ott(event.amount ?? 0n);
  const fault = FAULTS[event.fault ?? "none"];
  const step = (title: string, detail: string, failed = false): { title: string; detail: string; failed: boolean } => ({
    title,
    detail,
    failed,
  });
  switch (event.kind) {
    case "posted":
      return step("Posted", `${sum} are held by the contract.`);
    case "assigned":
      return step(
        "Assigned",
        "assignment" in job && job.assignment.node === event.who
          ? `${who} serves it for ${perHour(job.assignment.rate)}.`
          : `To ${who}.`,
      );
    case "started":
      return step("Started", `${who} serves the job.`);
    case "funded":
      return step("Money or time added", event.amount === 0n ? "It may run longer." : `${sum} more.`);
    case "stopped":
      return step("Stopped early", `By ${who}. What was used is paid.`);
    case "reopened":
      return step("Open again", `${who} failed. ${fault}`.trim(), true);
    case "claimed":
      return step("Claimed", `The node claims ${sum} by proof.`);
    case "disputed":
      return step("Disputed", `The developer left a bond of ${sum}.`);
    case "decided":
      return step("Decided", `The arbiter awards ${sum}.`);
    case "finalized":
      return step("Finalized", `${sum} awarded.`);
    case "receipt":
      return step("Receipt used", "Both sides signed what was used.");
    case "settled":
      return step(
        "Settled",
        `${settledWords(job)} ${fault}`.trim(),
        event.fault !== undefined && event.fault !== "none",
      );
    case "cancelled":
      return step("Cancelled", `${sum} came back.`, true);
  }
}

function settledWords(job: Job): string {
  return job.state === "settled"
    ? `The node was paid ${ott(job.settlement.paid)}; ${ott(job.settlement.refunded)} came back.`
    : "";
}

function comingSteps(job: Job, parameters: MarketParameters): TimeLineStep[] {
  const next = (title: string, detail: string): TimeLineStep => ({
    title,
    detail,
    at: null,
    status: "next",
    transaction: null,
  });
  const assigned = next(
    "Assigned",
    job.matching === "developer" ? "The developer accepts a bid." : "The lowest bid wins at the deadline.",
  );
  const started = next("Started", `The node starts within ${duration(parameters.startWindow)}.`);
  const settled = next("Settled", "What was used is paid; the rest comes back.");
  switch (job.state) {
    case "open":
      return [assigned, started, settled];
    case "assigned":
      return [started, settled];
    case "running":
    case "claimed":
    case "disputed":
      return [settled];
    case "settled":
    case "cancelled":
      return [];
  }
}
