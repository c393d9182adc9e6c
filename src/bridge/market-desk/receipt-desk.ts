import type { JobCommand } from "../../protocol/market-messages";
import * as actions from "../market/actions";
import { MarketError } from "../market/errors";
import type { Receipt } from "../market/receipts";
import type { Job } from "../market/types";
import { meteringLeaf } from "../metering/metering-log";
import { type DeskStep, Dropped } from "./desk-step";
import type { MarketHub } from "./market-hub";
import { nodeReceiptText, type ReceiptBook, receiptContext, signedReceiptText } from "./receipt-book";

/** What a receipt needs a person for. */
export interface ReceiptQuestions {
  /** The receipt that the node signed, as it sent it; `undefined`: the user has none. */
  nodeReceipt(job: Job): Promise<unknown>;
  /** The receipt that both sides signed, as the developer sent it. */
  signedReceipt(job: Job): Promise<unknown>;
  /** Whether to sign a receipt of this sum for the developer's side, and what for. */
  confirmReceipt(job: Job, receipt: Receipt, purpose: "settle" | "countersign"): Promise<boolean>;
  /** Gives the user what the other side needs. @param what "The receipt" @param to "the developer" */
  handOver(what: string, to: string, text: string): Promise<void>;
}

export interface ReceiptDesk {
  readonly hub: Pick<MarketHub, "now">;
  readonly book: ReceiptBook;
  readonly questions: ReceiptQuestions;
}

/** Ends a job by the last receipt: the developer signs what the node sent, the node uses what the developer signed. */
export async function settle(step: DeskStep, job: Job, desk: ReceiptDesk): Promise<void> {
  const { client, from, account } = step;
  let signed = desk.book.receipts(job.id).at(-1)?.signed;
  const node = nodeOf(step, job);
  if (signed?.receipt.isFinal !== true) {
    if (job.developer === account) {
      const value = await desk.questions.nodeReceipt(job);
      if (value !== undefined) {
        signed = await desk.book.countersign(value, job, node, desk.hub.now, (receipt) =>
          desk.questions.confirmReceipt(job, receipt, "settle"),
        );
      }
    } else {
      const value = await desk.questions.signedReceipt(job);
      if (value !== undefined) {
        signed = await desk.book.accept(value, job, node, desk.hub.now);
      }
    }
  }
  if (signed === undefined) {
    throw new Dropped("There is no receipt that both sides signed. Nothing was sent.");
  }
  await step.done(actions.settleByReceipt(client, { from, signed }), "Settled. The time line says who was paid what.");
}

/** The developer signs what the node sent, for the node to use. */
export async function countersign(step: DeskStep, job: Job, desk: ReceiptDesk): Promise<void> {
  const value = await desk.questions.nodeReceipt(job);
  if (value === undefined) {
    throw new Dropped("Nothing was signed.");
  }
  const signed = await desk.book.countersign(value, job, nodeOf(step, job), desk.hub.now, (receipt) =>
    desk.questions.confirmReceipt(job, receipt, "countersign"),
  );
  await desk.questions.handOver("The signed receipt", "the node’s operator", signedReceiptText(signed));
  step.say("done", "Signed and copied: send it to the node’s operator.");
}

/**
 * The node signs what was used so far. Receipts are numbered by the seconds since the start, which rise without being kept. The log
 * behind it has one entry, the sum.
 */
export async function signReceipt(
  step: DeskStep,
  job: Job,
  { usedSeconds, isFinal }: Extract<JobCommand, { kind: "signReceipt" }>,
  desk: ReceiptDesk,
): Promise<void> {
  const context = receiptContext(step.client.network, job, nodeOf(step, job));
  const now = desk.hub.now;
  const served = Math.max(0, Math.min(now, context.endsAt) - context.startedAt);
  if (usedSeconds > served) {
    throw new MarketError(
      "bad-receipt",
      `The job has been in service for ${served} s, less than ${usedSeconds} s.`,
      "Write at most that.",
    );
  }
  const cost = context.rate * BigInt(usedSeconds);
  const sum = {
    jobId: job.id,
    index: 0,
    usedSeconds,
    cpuNanoseconds: 0n,
    memoryByteSeconds: 0n,
    networkBytes: 0n,
    blockBytes: 0n,
    gpuMilliseconds: 0n,
  };
  const receipt: Receipt = {
    jobId: job.id,
    sequence: Math.max(1, now - context.startedAt + 1),
    usedSeconds,
    amount: cost < context.escrow ? cost : context.escrow,
    usageRoot: meteringLeaf(sum),
    isFinal,
  };
  const nodeSignature = await step.sign(actions.signReceipt(step.client, { from: step.from, receipt }));
  await desk.questions.handOver("The receipt", "the developer", nodeReceiptText({ ...receipt, nodeSignature }));
  step.say("done", "Signed and copied: send it to the developer, who settles with it or signs it too.");
}

function nodeOf(step: DeskStep, job: Job) {
  return "assignment" in job ? step.client.store.node(job.assignment.node) : undefined;
}
