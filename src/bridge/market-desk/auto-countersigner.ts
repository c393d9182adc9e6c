import * as v from "valibot";
import { MarketError } from "../market/errors";
import type { MarketStore } from "../market/store";
import { ott } from "../market/words";
import { nodeReceipt, type ReceiptBook, signedReceiptText } from "./receipt-book";

export interface AutoCountersignerOptions {
  readonly store: () => MarketStore;
  readonly book: ReceiptBook;
  /** The chain's time, in seconds since 1970. */
  readonly now: () => Promise<number>;
  /** The most that is signed away for a job, in wei, whatever the job could cost; undefined for the job's own limits. */
  readonly limit?: (jobId: bigint) => bigint | undefined;
  /** Seconds in which the developer's side itself found the job to be down; they are not signed for. */
  readonly missedSeconds?: (jobId: bigint) => number;
}

/** Signs the receipts of the developer's jobs unattended, when they are right. */
export class AutoCountersigner {
  readonly #options: AutoCountersignerOptions;

  constructor(options: AutoCountersignerOptions) {
    this.#options = options;
  }

  /**
   * The same receipt gets the same answer, so that one whose answer was lost on its way can be asked for again.
   *
   * @param text what the node signed, JSON
   * @returns the same, signed by both sides, JSON
   * @throws {MarketError} `bad-receipt`, or `rejected` above the limits of the developer's side
   */
  async offer(jobId: bigint, text: string): Promise<string> {
    const { store, book, now } = this.#options;
    const value = parseJson(text);
    const known = book.receipts(jobId).at(-1)?.signed;
    const asked = v.safeParse(nodeReceipt, value);
    if (known !== undefined && asked.success) {
      const { receipt, nodeSignature } = known;
      const { nodeSignature: signature, ...offered } = asked.output;
      const isSame = Object.entries(offered).every(([name, part]) => receipt[name as keyof typeof receipt] === part);
      if (isSame && signature === nodeSignature) {
        return signedReceiptText(known);
      }
    }
    const job = store().job(jobId);
    if (job === undefined || (asked.success && asked.output.jobId !== jobId)) {
      throw new MarketError("bad-receipt", `It is no receipt of job ${jobId}.`, "Ask the node for a correct receipt.");
    }
    const node = "assignment" in job ? store().node(job.assignment.node) : undefined;
    const time = await now();
    const signed = await book.countersign(value, job, node, time, async ({ amount, usedSeconds }) => {
      this.#requireWithin(jobId, amount);
      if ("service" in job) {
        const { startedAt, endsAt } = job.service;
        this.#requireSeen(jobId, usedSeconds, Math.max(0, Math.min(time, endsAt) - startedAt));
      }
      return true;
    });
    return signedReceiptText(signed);
  }

  #requireWithin(jobId: bigint, amount: bigint): void {
    const limit = this.#options.limit?.(jobId);
    if (limit !== undefined && amount > limit) {
      throw new MarketError(
        "rejected",
        `Job ${jobId} would cost ${ott(amount)}, more than your limit of ${ott(limit)}.`,
        "Stop the job, or raise the limit.",
      );
    }
  }

  #requireSeen(jobId: bigint, usedSeconds: number, served: number): void {
    const missed = this.#options.missedSeconds?.(jobId) ?? 0;
    if (usedSeconds > Math.max(0, served - missed)) {
      throw new MarketError(
        "rejected",
        `The node counts ${usedSeconds} s of job ${jobId}, but of ${served} s it was down for ${missed} s.`,
        "Ask the node for a correct receipt; without one it must prove its use.",
      );
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
