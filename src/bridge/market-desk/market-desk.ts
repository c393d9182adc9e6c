import type { Address, Hex } from "viem";
import type { JobCommand, JobForm, WorkState } from "../../protocol/market-messages";
import type { NodeAction } from "../../protocol/market-operator";
import { Emitter, type Unsubscribe } from "../emitter";
import * as actions from "../market/actions";
import { MarketError } from "../market/errors";
import type { MarketClient } from "../market/market-client";
import type { PreparedTransaction } from "../market/transaction";
import type { Job } from "../market/types";
import type { OperatorKey } from "../operator/operator-key";
import { isAbort } from "../sidecar/api-error";
import type { SpecPublisher } from "../storage/spec-publisher";
import { DeskStep, Dropped, type Signer } from "./desk-step";
import { bondFor } from "./job-page";
import type { MarketHub } from "./market-hub";
import { doNode } from "./node-desk";
import { capacityOf } from "./places";
import type { ReceiptBook } from "./receipt-book";
import { countersign, type ReceiptDesk, type ReceiptQuestions, settle, signReceipt } from "./receipt-desk";
import type { SpecNeeds } from "./spec-needs";

/** How long a permit can be used, seconds: the wallet's owner may look at the transaction for a while. */
const PERMIT_LIFE = 3_600;

/** What the desk asks a person for. */
export interface DeskQuestions extends ReceiptQuestions {
  /** The node's signature under a longer duration. */
  extensionSignature(job: Job, maxDuration: number): Promise<Hex | undefined>;
}

export interface DeskOptions {
  readonly hub: MarketHub;
  readonly key: OperatorKey;
  readonly receipts: (client: MarketClient) => ReceiptBook;
  /** @throws PublishFailed for a setting that makes no sense */
  readonly publisher: () => SpecPublisher;
  readonly questions: DeskQuestions;
  readonly savePolicy: (action: Extract<NodeAction, { kind: "setPolicy" }>) => PromiseLike<void>;
}

/** What a node's delegate may do. */
const DELEGATED: readonly string[] = [
  "bid",
  "withdrawBid",
  "start",
  "decline",
  "signReceipt",
  "signExtension",
  "pause",
  "resume",
];

/** Does what the user asked for on the market: prepares, has the wallet sign, waits, and tells each step to whoever shows it. */
export class MarketDesk {
  readonly #options: DeskOptions;
  readonly #works = new Emitter<WorkState>();

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  onWork(listener: (work: WorkState) => void): Unsubscribe {
    return this.#works.on(listener);
  }

  /**
   * Publishes a spec and posts it as a job, with a permit in place of an allowance.
   *
   * @returns the job's number; `undefined` when it came to nothing, which has been told
   */
  async post(form: JobForm, needs: SpecNeeds, spec: Uint8Array): Promise<bigint | undefined> {
    return this.#run("post", async (step) => {
      const { client, from } = step;
      const publisher = this.#options.publisher();
      if (!publisher.reachable && !client.network.isDevnet) {
        throw new MarketError(
          "not-pinned",
          "The spec would be on this machine only, so no node could fetch it.",
          "Set zlayer.ipfs.api to an IPFS node that pins it.",
        );
      }
      step.say("preparing", "Publishing the spec…");
      const { cid } = await publisher.publish(spec);
      const { millicores, mebibytes } = needs;
      const { gpus, gpuModel, region, labels } = form;
      const escrow = BigInt(form.maxRate) * BigInt(form.maxDuration);
      const terms: actions.Terms = {
        specCid: cid,
        receiptKey: await this.#options.receipts(client).newKey(),
        matching: form.matching === "lowest" ? "lowestBid" : "developer",
        covered: form.covered,
        availabilityBps: form.availabilityBps,
        maxRate: BigInt(form.maxRate),
        maxDuration: form.maxDuration,
        need: capacityOf({ millicores, mebibytes, gpus, gpuModel, region, labels }),
        escrow,
        bidDeadline: this.#options.hub.now + form.bidding,
      };
      const deadline = this.#options.hub.now + PERMIT_LIFE;
      const permit = await step.sign(await actions.signPermit(client, { from, value: escrow, deadline }));
      const outcome = await step.send(actions.postJobWithPermit(client, { from, terms, permit }));
      step.say("done", outcome.jobId === undefined ? "Posted." : `Posted as job #${outcome.jobId}. Bids appear here.`);
      return outcome.jobId;
    });
  }

  /**
   * What a node's delegate may do is signed by this machine's operator key, where it has one with money for fees; all else by the wallet.
   *
   * @returns whether it was done; the rest has been told
   */
  async job(id: bigint, command: JobCommand): Promise<boolean> {
    const done = await this.#run(`${command.kind} ${id}`, async (step) => {
      const job = step.client.store.job(id);
      if (job === undefined) {
        throw new MarketError("bad-argument", `There is no job #${id}.`, "Refresh the list.");
      }
      const served = command.kind === "stop" && job.developer !== step.account;
      await this.#doJob(served ? await this.#delegated(step) : await this.#signerFor(step, command.kind), job, command);
      return true;
    });
    return done === true;
  }

  async #doJob(step: DeskStep, job: Job, command: JobCommand): Promise<void> {
    const { client, from, account } = step;
    const jobId = job.id;
    const done = (preparing: Promise<PreparedTransaction>, message: string): Promise<void> =>
      step.done(preparing, message);
    switch (command.kind) {
      case "accept": {
        const node = actionsAddress(command.node);
        return done(
          actions.acceptBid(client, { from, jobId, node, rate: BigInt(command.rate) }),
          "Accepted. The node has to start it now.",
        );
      }
      case "assignLowest":
        return done(actions.awardLowest(client, { from, jobId }), "The lowest bid was taken.");
      case "cancel":
        return done(actions.cancel(client, { from, jobId }), "Cancelled. The money came back.");
      case "expire":
        return done(actions.expire(client, { from, jobId }), "Done. The time line says what became of it.");
      case "stop":
        return done(actions.stopEarly(client, { from, jobId }), "Stopped. What was used is to be settled.");
      case "finalize":
        return done(actions.finalize(client, { from, jobId }), "Finalized.");
      case "start":
        return done(actions.start(client, { from, jobId }), "Started.");
      case "decline":
        return done(actions.decline(client, { from, jobId }), "Handed back. It costs reputation, but no stake.");
      case "withdrawBid":
        return done(actions.withdrawBid(client, { from, jobId, node: account }), "Your bid is withdrawn.");
      case "bid": {
        const validUntil = this.#options.hub.now + command.validity;
        return done(
          actions.bid(client, { from, jobId, node: account, rate: BigInt(command.rate), validUntil }),
          "Your bid stands.",
        );
      }
      case "topUp": {
        const sum = BigInt(command.amount);
        await step.allow("market", sum);
        return done(actions.topUp(client, { from, jobId, sum }), "Money was added.");
      }
      case "extend": {
        const maxDuration = job.maxDuration + command.seconds;
        const signature = await this.#options.questions.extensionSignature(job, maxDuration);
        if (signature === undefined) {
          throw new Dropped("Without the node's signature the job cannot be extended. Nothing was sent.");
        }
        const sum = BigInt(command.amount);
        await step.allow("market", sum);
        return done(
          actions.extend(client, { from, jobId, maxDuration, sum, signature }),
          "The job may run longer now.",
        );
      }
      case "signExtension": {
        const maxDuration = job.maxDuration + command.seconds;
        const signature = await step.sign(actions.signExtension(client, { from, jobId, maxDuration }));
        await this.#options.questions.handOver("The signature", "the developer", signature);
        return step.say("done", `Signed for ${maxDuration} s in all and copied: send it to the developer.`);
      }
      case "settle":
        return settle(step, job, this.#receiptDesk(step));
      case "countersign":
        return countersign(step, job, this.#receiptDesk(step));
      case "signReceipt":
        return signReceipt(step, job, command, this.#receiptDesk(step));
      case "dispute":
        return this.#dispute(step, job, command.evidence);
    }
  }

  async #dispute(step: DeskStep, job: Job, evidence: string): Promise<void> {
    const { client, from } = step;
    const parameters = this.#options.hub.parameters;
    if (job.state !== "claimed" || parameters === undefined) {
      throw new MarketError(
        "bad-argument",
        `Job #${job.id} has no claim that could be disputed.`,
        "Look at its time line.",
      );
    }
    step.say("preparing", "Publishing what you wrote…");
    const { cid } = await this.#options.publisher().publish(new TextEncoder().encode(evidence));
    await step.allow("distribution", bondFor(job.claim.amount, parameters));
    await step.send(actions.dispute(client, { from, jobId: job.id, evidenceCid: cid }));
    step.say("done", "Disputed. The arbiter decides now.");
  }

  /** @returns whether it was done; the rest has been told */
  async node(action: NodeAction): Promise<boolean> {
    const done = await this.#run(action.kind, async (step) => {
      if (action.kind === "setPolicy") {
        await this.#options.savePolicy(action);
        step.say("done", "Saved.");
        return true;
      }
      const { hub, key } = this.#options;
      const keySigner = (on: DeskStep): Promise<Signer | undefined> => this.#keySigner(on);
      await doNode(await this.#signerFor(step, action.kind), action, { hub, key, keySigner });
      return true;
    });
    return done === true;
  }

  #walletSigner({ network }: MarketClient, address: Address): Signer {
    return { kind: "wallet", address, wallet: (intent) => this.#options.hub.wallet.client(network, intent) };
  }

  async #keySigner({ client, account }: DeskStep): Promise<Signer | undefined> {
    const wallet = await this.#options.key.wallet(client.network, account);
    return wallet && { kind: "key", address: wallet.account.address, wallet: () => wallet };
  }

  async #signerFor(step: DeskStep, kind: string): Promise<DeskStep> {
    return DELEGATED.includes(kind) ? this.#delegated(step) : step;
  }

  /** The same step signed by the operator key, if that is named in the registry and can pay. */
  async #delegated(step: DeskStep): Promise<DeskStep> {
    const { state } = this.#options.key;
    if (state.kind !== "here" || state.fees === undefined || state.fees === 0n) {
      return step;
    }
    const signer = await this.#keySigner(step);
    return signer === undefined ? step : step.as(signer);
  }

  #receiptDesk({ client }: DeskStep): ReceiptDesk {
    const { hub, receipts, questions } = this.#options;
    return { hub, book: receipts(client), questions };
  }

  async #run<T>(key: string, work: (step: DeskStep) => Promise<T>): Promise<T | undefined> {
    const say = (status: WorkState["status"], message: string): void =>
      this.#works.emit({ key, status, message: message.slice(0, 1_000) });
    try {
      const { client, account } = this.#options.hub;
      if (client === undefined) {
        throw new MarketError("bad-argument", "No market is set up.", "Name one in zlayer.market.networks.");
      }
      if (account === undefined) {
        throw new MarketError("bad-argument", "No wallet is connected.", "Connect one first.");
      }
      say("preparing", "Preparing…");
      const onOutcome = (): void => void this.#options.hub.readBalances();
      return await work(new DeskStep({ client, account, signer: this.#walletSigner(client, account), say, onOutcome }));
    } catch (error) {
      const rejected =
        isAbort(error) || error instanceof Dropped || (error instanceof MarketError && error.code === "rejected");
      say(rejected ? "rejected" : "failed", isAbort(error) ? "Cancelled. Nothing was sent." : messageOf(error));
      return undefined;
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The schema of messages has checked that it is an address. */
function actionsAddress(text: string): Address {
  return text as Address;
}
