// Turns jobs that a node was chosen for into containers, and their use into payment. Each pass looks at the chain, the engine and the disk
// and does what is next; none of it is remembered elsewhere, so a restart of anything at any point goes on where it was.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Address } from "viem";
import { decline, finalize, settleByReceipt, start, submitProof } from "../market/actions";
import type { MarketClient } from "../market/market-client";
import { type CoSignedReceipt, receiptTypedData } from "../market/receipts";
import type { PreparedTransaction, Wallet } from "../market/transaction";
import type { AssignedJob, ClaimedJob, DisputedJob, Job, RunningJob } from "../market/types";
import { nodeReceiptText, ReceiptBook } from "../market-desk/receipt-book";
import { BrokenJournal, MeteringJournal } from "../metering/metering-journal";
import { payoutDue } from "../metering/payout";
import { KeptReader } from "../storage/kept-reader";
import type { SpecPublisher } from "../storage/spec-publisher";
import { FileMemory } from "./file-memory";
import { deploymentOf, JobService, type JobServiceOptions, removeJob } from "./job-service";
import type { ReceiptChannel } from "./receipt-channel";
import { RefusedSpec } from "./untrusted-profile";

export interface JobRunnerOptions extends JobServiceOptions {
  readonly market: MarketClient;
  /** The node whose jobs these are. */
  readonly node: Address;
  /** Signs for it: its delegate's key. */
  readonly wallet: Wallet;
  readonly publisher: SpecPublisher;
  readonly channel: ReceiptChannel;
  /** Where logs and receipts are kept. One process at a time. */
  readonly directory: string;
  /** Seconds after the end in which the developer's side may sign the last receipt, before the node goes the way of its own proof. */
  readonly patience: number;
  readonly log: (message: string) => void;
}

/** A job that cannot be brought up is handed back this long before its node would be slashed for not starting, in seconds. */
const DECLINE_MARGIN = 60;

export class JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #journals = new Map<bigint, MeteringJournal>();
  readonly #words = new Map<bigint, string>();
  #book: ReceiptBook | undefined;
  #pass: Promise<void> = Promise.resolve();

  constructor(options: JobRunnerOptions) {
    // A job that runs does not depend on where its spec came from any more.
    this.#options = { ...options, specs: new KeptReader(options.specs, join(options.directory, "specs")) };
  }

  /** What each job waits for or does, in words. */
  get words(): ReadonlyMap<bigint, string> {
    return this.#words;
  }

  /**
   * Does what is next for every job of the node. What fails is tried again with the next pass and keeps no other job from being served.
   *
   * @param now the chain's time, in seconds since 1970
   */
  step(now: number, signal?: AbortSignal): Promise<void> {
    // One pass at a time: two would sign two receipts of one number.
    this.#pass = this.#pass.catch(() => {}).then(() => this.#all(now, signal));
    return this.#pass;
  }

  async close(): Promise<void> {
    await this.#pass.catch(() => {});
    for (const journal of this.#journals.values()) {
      await journal.close();
    }
    this.#journals.clear();
  }

  async #all(now: number, signal: AbortSignal | undefined): Promise<void> {
    const { market, node, log } = this.#options;
    const states = ["assigned", "running", "claimed", "disputed"] as const;
    const jobs = market.store.jobs({ filter: { node, states }, limit: 1_000 }).rows;
    for (const job of jobs) {
      try {
        this.#say(job.id, await this.#next(job, now, signal));
      } catch (error) {
        signal?.throwIfAborted();
        this.#say(job.id, `Tried again: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    await this.#tidy(new Set(jobs.map(({ id }) => id))).catch((error: unknown) =>
      log(`What is left of ended jobs could not be removed: ${error instanceof Error ? error.message : String(error)}`),
    );
  }

  async #next(job: Job, now: number, signal: AbortSignal | undefined): Promise<string> {
    switch (job.state) {
      case "assigned":
        return this.#begin(job, now, signal);
      case "running":
        return this.#serve(job, now, signal).catch((error: unknown) => {
          if (error instanceof BrokenJournal) {
            return this.#serveWithoutLog(job, now, error);
          }
          throw error;
        });
      case "claimed":
      case "disputed":
        return this.#wait(job, now);
      default:
        return "Ended.";
    }
  }

  async #begin(job: AssignedJob, now: number, signal: AbortSignal | undefined): Promise<string> {
    const { market } = this.#options;
    // The directory is there before anything runs, so that what is left of a job is found whatever happens.
    await this.#journal(job.id);
    const from = this.#from;
    const handBack = async (why: string): Promise<string> => {
      await this.#send(decline(market, { from, jobId: job.id }));
      await removeJob(this.#options.engine, market.network, job.id);
      return `Handed back: ${why}`;
    };
    let waiting: string;
    try {
      const state = await new JobService(this.#options, job).bringUp(signal);
      if (state?.phase === "running") {
        await this.#send(start(market, { from, jobId: job.id }));
        return "Started.";
      }
      waiting = state?.reason?.message ?? `The containers are ${state?.phase ?? "being created"}.`;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof RefusedSpec) {
        return handBack(error.message);
      }
      waiting = error instanceof Error ? error.message : String(error);
    }
    return now > job.startBy - DECLINE_MARGIN && now <= job.startBy ? handBack(waiting) : `Starts: ${waiting}`;
  }

  async #serve(job: RunningJob, now: number, signal: AbortSignal | undefined): Promise<string> {
    const service = new JobService(this.#options, job);
    const journal = await this.#journal(job.id);
    const ended = now >= job.service.endsAt;
    if (ended) {
      await this.#end(job, service, journal, now, signal);
    } else {
      await service.bringUp(signal);
      await service.meter(journal, now, false, signal);
    }
    const signed = await this.#receipt(job, journal, now, ended, signal);
    return ended ? this.#settle(job, journal, signed, now) : `Serves: ${journal.last?.entry.usedSeconds ?? 0} s used.`;
  }

  /**
   * Nothing can be added to a log that is damaged, and nothing signed for it. What both sides signed before is paid all the same, so that
   * is what the job ends with; until then its containers go on, since the developer has done no wrong.
   */
  async #serveWithoutLog(job: RunningJob, now: number, damage: BrokenJournal): Promise<string> {
    if (now < job.service.endsAt) {
      return `Serves, but nothing more of it will be paid: ${damage.message} The last receipt that both sides signed is used at its end.`;
    }
    const { engine, market } = this.#options;
    await removeJob(engine, market.network, job.id);
    const signed = (await this.#receipts()).receipts(job.id).at(-1)?.signed;
    if (signed === undefined) {
      return `Ended, and nothing of it can be claimed: ${damage.message}`;
    }
    await this.#send(settleByReceipt(market, { from: this.#from, signed }));
    return "Settled by the last receipt that both sides signed.";
  }

  /** The last measurements, and the end of the containers. */
  async #end(
    job: RunningJob,
    service: JobService,
    journal: MeteringJournal,
    now: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { engine, market, patience, log } = this.#options;
    try {
      await service.meter(journal, now, true, signal);
      await removeJob(engine, market.network, job.id);
    } catch (error) {
      signal?.throwIfAborted();
      if (now < job.service.endsAt + patience) {
        throw error;
      }
      // What is in the log can be paid without the engine; waiting longer could cost all of it.
      log(`Job ${job.id}: the engine did not give the last measurements: ${messageOf(error)}`);
    }
  }

  /** Signs what was used so far and has the developer's side sign it too. @returns the best receipt that both signed */
  async #receipt(
    job: RunningJob,
    journal: MeteringJournal,
    now: number,
    isFinal: boolean,
    signal: AbortSignal | undefined,
  ): Promise<CoSignedReceipt | undefined> {
    const { market, channel, wallet } = this.#options;
    const book = await this.#receipts();
    const before = book.receipts(job.id).at(-1)?.signed;
    const entry = journal.last?.entry;
    // A number belongs to one entry: it was on disk before, so nothing is ever signed twice with another content. The last receipt
    // follows the one of the same entry that was not final.
    const sequence = entry === undefined ? 0 : 2 * entry.index + (isFinal ? 1 : 0);
    if (entry === undefined || sequence < 1 || sequence <= (before?.receipt.sequence ?? 0)) {
      return before;
    }
    const due = dueOf(job, entry.usedSeconds);
    const receipt = {
      jobId: job.id,
      sequence,
      usedSeconds: entry.usedSeconds,
      amount: due > (before?.receipt.amount ?? 0n) ? due : (before?.receipt.amount ?? 0n),
      usageRoot: journal.proofOfLast().root,
      isFinal,
    };
    const nodeSignature = await wallet.signTypedData({
      ...receiptTypedData(market.network, receipt),
      account: wallet.account,
    });
    try {
      const answer = await channel.offer(job.id, nodeReceiptText({ ...receipt, nodeSignature }), signal);
      if (answer !== undefined) {
        const node = market.store.node(job.assignment.node);
        return await book.accept(JSON.parse(answer), job, node, now);
      }
    } catch (error) {
      signal?.throwIfAborted();
      this.#options.log(`Job ${job.id}: no signature of the developer's side: ${messageOf(error)}`);
    }
    return before;
  }

  async #settle(
    job: RunningJob,
    journal: MeteringJournal,
    signed: CoSignedReceipt | undefined,
    now: number,
  ): Promise<string> {
    const { market, publisher, patience } = this.#options;
    const from = this.#from;
    const { claimWindow } = await market.parameters();
    const entry = journal.last?.entry;
    const due = entry === undefined ? 0n : dueOf(job, entry.usedSeconds);
    const isComplete = signed !== undefined && (signed.receipt.isFinal || signed.receipt.amount >= due);
    if (!isComplete && now < job.service.endsAt + Math.min(patience, Math.floor(claimWindow / 2))) {
      return "Ended; waits for the developer's side to sign the last receipt.";
    }
    if (entry !== undefined && due > 0n && !isComplete && now <= job.service.endsAt + claimWindow) {
      const { cid } = await publisher.publish(Buffer.from(journal.text()));
      const { root, proof } = journal.proofOfLast();
      await this.#send(submitProof(market, { from, jobId: job.id, root, logCid: cid, last: entry, proof }));
      return "Claimed by the node's own proof.";
    }
    if (signed === undefined) {
      return "Ended, and nothing of it can be claimed: the escrow returns to the developer.";
    }
    await this.#send(settleByReceipt(market, { from, signed }));
    return "Settled by receipt.";
  }

  async #wait(job: ClaimedJob | DisputedJob, now: number): Promise<string> {
    const { market, engine } = this.#options;
    await removeJob(engine, market.network, job.id);
    const until = job.state === "claimed" ? job.claim.disputableUntil : job.dispute.decidableUntil;
    if (now <= until) {
      return job.state === "claimed" ? "Claimed; may still be disputed." : "Disputed; waits for the arbiter.";
    }
    await this.#send(finalize(market, { from: this.#from, jobId: job.id }));
    return "Paid by its own proof.";
  }

  /** Removes the containers of jobs that are the node's no more. Logs and receipts stay: they are the evidence. */
  async #tidy(current: ReadonlySet<bigint>): Promise<void> {
    const { engine, market, directory } = this.#options;
    const wanted = await engine.deployments();
    for (const name of await readdir(directory).catch(() => [])) {
      const id = /^\d+$/.test(name) ? BigInt(name) : undefined;
      if (id === undefined || current.has(id)) {
        continue;
      }
      if (wanted.some((each) => each.name === deploymentOf(market.network, id))) {
        await removeJob(engine, market.network, id);
      }
      await this.#journals.get(id)?.close();
      this.#journals.delete(id);
      this.#words.delete(id);
    }
  }

  async #journal(jobId: bigint): Promise<MeteringJournal> {
    const kept = this.#journals.get(jobId);
    if (kept !== undefined) {
      return kept;
    }
    const opened = await MeteringJournal.open(join(this.#options.directory, String(jobId), "log.ndjson"), jobId);
    this.#journals.set(jobId, opened);
    return opened;
  }

  async #receipts(): Promise<ReceiptBook> {
    const { market, directory } = this.#options;
    // The node's side has no receipt keys: it only checks and keeps.
    this.#book ??= new ReceiptBook(
      market.network,
      { get: async () => undefined, store: async () => {} },
      await FileMemory.open(join(directory, "receipts.json")),
    );
    return this.#book;
  }

  async #send(preparing: Promise<PreparedTransaction>): Promise<void> {
    const prepared = await preparing;
    const outcome = await (await prepared.send(this.#options.wallet)).wait();
    if (outcome.kind !== "confirmed") {
      throw new Error(`“${prepared.title}” was ${outcome.kind}${"reason" in outcome ? `: ${outcome.reason}` : ""}.`);
    }
  }

  #say(jobId: bigint, words: string): void {
    if (this.#words.get(jobId) !== words) {
      this.#words.set(jobId, words);
      this.#options.log(`Job ${jobId}: ${words}`);
    }
  }

  get #from(): Address {
    return this.#options.wallet.account.address;
  }
}

/** What the job owes for so many seconds, as the contracts compute it. */
function dueOf(job: RunningJob, usedSeconds: number): bigint {
  return payoutDue({
    rate: job.assignment.rate,
    usedSeconds,
    promisedSeconds: job.service.promised,
    availabilityBps: job.availabilityBps,
    escrow: job.escrow,
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
