import type { Address } from "viem";
import type { ActionState, JobAction } from "../../protocol/market-rows";
import { whyIneligible } from "../market/eligibility";
import type { CoSignedReceipt } from "../market/receipts";
import type { Job, MarketNode, MarketParameters } from "../market/types";
import { duration } from "../market/words";

/** Who looks at a job, and when. */
export interface Viewpoint {
  /** The connected account. */
  readonly account: Address | undefined;
  /** The account's own node. */
  readonly node: MarketNode | undefined;
  /** Seconds since the Unix epoch, by the chain's clock. */
  readonly now: number;
  readonly parameters: MarketParameters;
  /** The last receipt that both sides signed. */
  readonly receipt: CoSignedReceipt | undefined;
  readonly hasBid: boolean;
  /** Bids that can be accepted. */
  readonly acceptable: number;
}

/**
 * What the account can do with a job, with the reason where it cannot: contracts/README.md draws which call leads out of which
 * state. What concerns others only is left out.
 */
export function jobActions(job: Job, view: Viewpoint): ActionState[] {
  const { account } = view;
  const developer = account !== undefined && job.developer === account;
  const node = account !== undefined && "assignment" in job && job.assignment.node === account;
  const found: ActionState[] = [];
  const add = (action: JobAction, ...reasons: readonly (string | false)[]): void => {
    found.push({ action, reason: reasons.find((reason) => typeof reason === "string" && reason !== "") || "" });
  };
  switch (job.state) {
    case "open":
      openActions(job, view, developer, add);
      break;
    case "assigned":
      if (node) {
        add("start", view.now > job.startBy && "The time to start is over.");
        add("decline", view.now > job.startBy && "The time to start is over.");
      }
      if (developer) {
        add("expire", before(view.now, job.startBy, "when the node has let its time to start pass"));
      }
      break;
    case "running":
      runningActions(job, view, developer, node, add);
      break;
    case "claimed":
      if (developer) {
        add("dispute", view.now > job.claim.disputableUntil && "The time to dispute is over.");
      }
      addFinalReceipt(view, developer || node, add);
      add("finalize", before(view.now, job.claim.disputableUntil, "when the time to dispute is over"));
      break;
    case "disputed":
      addFinalReceipt(view, developer || node, add);
      add("finalize", before(view.now, job.dispute.decidableUntil, "when the arbiter has let the time pass"));
      break;
    case "settled":
    case "cancelled":
      break;
  }
  return found;
}

type Add = (action: JobAction, ...reasons: readonly (string | false)[]) => void;

function openActions(job: Extract<Job, { state: "open" }>, view: Viewpoint, developer: boolean, add: Add): void {
  const { now, parameters } = view;
  const over = now > job.bidDeadline;
  const lapsed = job.bidDeadline + parameters.acceptWindow;
  if (developer) {
    if (job.matching === "developer") {
      add(
        "accept",
        now > lapsed && "The time to accept a bid is over.",
        view.acceptable === 0 && "There is no bid that can be taken.",
      );
    }
    add("cancel");
  }
  if (job.matching === "lowestBid") {
    add(
      "assignLowest",
      before(now, job.bidDeadline, "when the time for bids is over"),
      now > lapsed && "The time to take a bid is over.",
      view.acceptable === 0 && "There is no bid that can be taken.",
    );
  }
  if (developer && now > job.bidDeadline) {
    add("expire", before(now, lapsed, "when the time to take a bid is over; cancel the job instead"));
  }
  if (!developer && view.account !== undefined && view.node !== undefined) {
    const unfit = whyIneligible(job, view.node, parameters);
    add("bid", over && "The time for bids is over.", unfit !== undefined && `Your node does not fit. ${unfit.reason}`);
    if (view.hasBid) {
      add("withdrawBid");
    }
  }
}

function runningActions(
  job: Extract<Job, { state: "running" }>,
  view: Viewpoint,
  developer: boolean,
  node: boolean,
  add: Add,
): void {
  const { now, parameters, receipt } = view;
  const { endsAt } = job.service;
  const ended = now >= endsAt;
  const open = endsAt + parameters.claimWindow;
  if (developer || node) {
    add(
      "settle",
      receipt !== undefined &&
        !node &&
        !receipt.receipt.isFinal &&
        before(now, open, "with this receipt for the node only; a final one can be used at once"),
    );
  }
  if (node) {
    add("signReceipt");
    add("signExtension", ended && "Service has ended.");
  }
  if (developer) {
    add("countersign", receipt?.receipt.isFinal === true && "The last receipt is signed by both sides.");
    const full = job.escrow >= job.assignment.rate * BigInt(job.maxDuration);
    add("topUp", ended && "Service has ended.", full && "The money suffices for the longest time; extend that first.");
    add("extend", ended && "Service has ended.");
  }
  if (developer || node) {
    add("stop", ended && "Service has ended.");
  }
  if (developer && ended) {
    add("expire", before(now, endsAt + 2 * parameters.claimWindow, "when the node has let its time to claim pass"));
  }
}

function addFinalReceipt(view: Viewpoint, party: boolean, add: Add): void {
  if (party && view.receipt?.receipt.isFinal === true) {
    add("settle");
  }
}

/** Why it is too early; nothing when it is not. */
function before(now: number, due: number, when: string): string | false {
  return now <= due && `Possible ${when}, in ${duration(due - now + 1)}.`;
}
