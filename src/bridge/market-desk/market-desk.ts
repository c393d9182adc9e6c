import type { Address, Hex } from "viem";
import type { JobCommand, JobForm, WorkState } from "../../protocol/market-messages";
import type { NodeAction } from "../../protocol/market-operator";
import { Emitter, type Unsubscribe } from "../emitter";
import * as actions from "../market/actions";
import { MarketError } from "../market/errors";
import type { MarketClient } from "../market/market-client";
import type { Outcome, PreparedSignature, PreparedTransaction } from "../market/transaction";
import type { Job } from "../market/types";
import { isAbort } from "../sidecar/api-error";
import type { SpecPublisher } from "../storage/spec-publisher";
import { bondFor } from "./job-page";
import type { MarketHub } from "./market-hub";
import { capacityOf } from "./places";
import type { ReceiptBook } from "./receipt-book";
import type { SpecNeeds } from "./spec-needs";

/** How long a permit can be used, seconds: the wallet's owner may look at the transaction for a while. */
const PERMIT_LIFE = 3_600;

/** What the desk asks a person for. */
export interface DeskQuestions {
  /** The receipt that the node signed, as it sent it; `undefined`: the user has none. */
  nodeReceipt(job: Job): Promise<unknown>;
  /** The node's signature under a longer duration. */
  extensionSignature(job: Job, maxDuration: number): Promise<Hex | undefined>;
  /** Whether to sign a receipt of this sum for the developer's side. */
  confirmReceipt(job: Job, amount: bigint, usedSeconds: number): Promise<boolean>;
}

export interface DeskOptions {
  readonly hub: MarketHub;
  readonly receipts: (client: MarketClient) => ReceiptBook;
  /** @throws PublishFailed for a setting that makes no sense */
  readonly publisher: () => SpecPublisher;
  readonly questions: DeskQuestions;
  readonly savePolicy: (action: Extract<NodeAction, { kind: "setPolicy" }>) => PromiseLike<void>;
}

/** The user did not want to go on. */
class Dropped extends Error {
  override readonly name = "Dropped";
}

interface Step {
  readonly client: MarketClient;
  readonly from: Address;
  say(status: WorkState["status"], message: string): void;
}

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
      const permit = await this.#sign(step, await actions.signPermit(client, { from, value: escrow, deadline }));
      const outcome = await this.#send(step, actions.postJobWithPermit(client, { from, terms, permit }));
      step.say("done", outcome.jobId === undefined ? "Posted." : `Posted as job #${outcome.jobId}. Bids appear here.`);
      return outcome.jobId;
    });
  }

  /** @returns whether it was done; the rest has been told */
  async job(id: bigint, command: JobCommand): Promise<boolean> {
    const done = await this.#run(`${command.kind} ${id}`, async (step) => {
      const job = step.client.store.job(id);
      if (job === undefined) {
        throw new MarketError("bad-argument", `There is no job #${id}.`, "Refresh the list.");
      }
      await this.#doJob(step, job, command);
      return true;
    });
    return done === true;
  }

  async #doJob(step: Step, job: Job, command: JobCommand): Promise<void> {
    const { client, from } = step;
    const jobId = job.id;
    const done = async (preparing: Promise<PreparedTransaction>, message: string): Promise<void> => {
      await this.#send(step, preparing);
      step.say("done", message);
    };
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
        return done(actions.withdrawBid(client, { from, jobId, node: from }), "Your bid is withdrawn.");
      case "bid": {
        const validUntil = this.#options.hub.now + command.validity;
        return done(
          actions.bid(client, { from, jobId, node: from, rate: BigInt(command.rate), validUntil }),
          "Your bid stands.",
        );
      }
      case "topUp": {
        const sum = BigInt(command.amount);
        await this.#allow(step, "market", sum);
        return done(actions.topUp(client, { from, jobId, sum }), "Money was added.");
      }
      case "extend": {
        const maxDuration = job.maxDuration + command.seconds;
        const signature = await this.#options.questions.extensionSignature(job, maxDuration);
        if (signature === undefined) {
          throw new Dropped("Without the node's signature the job cannot be extended. Nothing was sent.");
        }
        const sum = BigInt(command.amount);
        await this.#allow(step, "market", sum);
        return done(
          actions.extend(client, { from, jobId, maxDuration, sum, signature }),
          "The job may run longer now.",
        );
      }
      case "settle":
        return this.#settle(step, job);
      case "dispute":
        return this.#dispute(step, job, command.evidence);
    }
  }

  async #settle(step: Step, job: Job): Promise<void> {
    const { client, from } = step;
    const book = this.#options.receipts(client);
    let signed = book.receipts(job.id).at(-1)?.signed;
    const own = job.developer === from;
    if (own && signed?.receipt.isFinal !== true) {
      const value = await this.#options.questions.nodeReceipt(job);
      if (value !== undefined) {
        const node = "assignment" in job ? client.store.node(job.assignment.node) : undefined;
        signed = await book.countersign(value, job, node, this.#options.hub.now, (receipt) =>
          this.#options.questions.confirmReceipt(job, receipt.amount, receipt.usedSeconds),
        );
      }
    }
    if (signed === undefined) {
      throw new Dropped("There is no receipt that both sides signed. Nothing was sent.");
    }
    await this.#send(step, actions.settleByReceipt(client, { from, signed }));
    step.say("done", "Settled. The time line says who was paid what.");
  }

  async #dispute(step: Step, job: Job, evidence: string): Promise<void> {
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
    await this.#allow(step, "distribution", bondFor(job.claim.amount, parameters));
    await this.#send(step, actions.dispute(client, { from, jobId: job.id, evidenceCid: cid }));
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
      await this.#doNode(step, action);
      return true;
    });
    return done === true;
  }

  async #doNode(step: Step, action: Exclude<NodeAction, { kind: "setPolicy" }>): Promise<void> {
    const { client, from } = step;
    const done = async (preparing: Promise<PreparedTransaction>, message: string): Promise<void> => {
      await this.#send(step, preparing);
      step.say("done", message);
    };
    switch (action.kind) {
      case "register": {
        const capacity = capacityOf(action.capacity);
        const stake = BigInt(action.stake);
        step.say("signing", "Confirm in your wallet: derive and bind the node's WireGuard key.");
        const publicKey = await this.#options.hub.wallet.nodeKey(client.network);
        const key = await this.#sign(step, await actions.signWireGuardKey(client, { from, publicKey }));
        await this.#allow(step, "registry", stake);
        const delegate = action.delegate === null ? {} : { delegate: actionsAddress(action.delegate) };
        return done(
          actions.registerNode(client, { from, capacity, stake, key, ...delegate }),
          "Registered. Open jobs that fit are under Jobs.",
        );
      }
      case "setCapacity":
        return done(actions.setCapacity(client, { from, capacity: capacityOf(action.capacity) }), "Changed.");
      case "stake": {
        const sum = BigInt(action.amount);
        await this.#allow(step, "registry", sum);
        return done(actions.stake(client, { from, sum }), "Added.");
      }
      case "unbond":
        return done(
          actions.unbond(client, { from, sum: BigInt(action.amount) }),
          "Unbonding. It can be withdrawn when the time is over.",
        );
      case "cancelUnbonding":
        return done(actions.cancelUnbonding(client, { from }), "It is staked again.");
      case "withdrawStake":
        return done(actions.withdrawStake(client, { from }), "Withdrawn to your wallet.");
      case "pause":
        return done(actions.pause(client, { from, node: from }), "Paused: the node takes no new jobs.");
      case "resume":
        return done(actions.resume(client, { from, node: from }), "The node takes jobs again.");
      case "exit":
        return done(actions.exit(client, { from }), "You left. Your stake is unbonding.");
    }
  }

  /** Allows a contract exactly what it is about to take, when it may not take as much yet. */
  async #allow(step: Step, spender: actions.Spender, sum: bigint): Promise<void> {
    const { client, from } = step;
    const { allowances } = await client.balances(from);
    if (sum > 0n && allowances[spender] < sum) {
      await this.#send(step, actions.approve(client, { from, spender, sum }));
    }
  }

  async #sign<Signed>(step: Step, prepared: PreparedSignature<Signed>): Promise<Signed> {
    step.say("signing", `Confirm in your wallet: ${prepared.title.toLowerCase()}.`);
    return prepared.sign(
      this.#options.hub.wallet.client(step.client.network, { title: prepared.title, fields: prepared.describes }),
    );
  }

  async #send(step: Step, preparing: Promise<PreparedTransaction>): Promise<Outcome & { readonly jobId?: bigint }> {
    step.say("preparing", "Asking the chain whether it would succeed…");
    const prepared = await preparing;
    step.say("signing", `Confirm in your wallet: ${prepared.title.toLowerCase()}.`);
    const wallet = this.#options.hub.wallet.client(step.client.network, {
      title: prepared.title,
      fields: prepared.describes,
    });
    const sent = await prepared.send(wallet);
    step.say("sent", `Sent. Waiting for the chain to confirm ${sent.hash.slice(0, 10)}…`);
    const outcome = await sent.wait();
    void this.#options.hub.readBalances();
    return requireSuccess(prepared.title, outcome);
  }

  async #run<T>(key: string, work: (step: Step) => Promise<T>): Promise<T | undefined> {
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
      return await work({ client, from: account, say });
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

function requireSuccess(title: string, outcome: Outcome): Outcome & { readonly jobId?: bigint } {
  const failed = (what: string, remedy: string): MarketError => new MarketError("refused", `${title}: ${what}`, remedy);
  switch (outcome.kind) {
    case "confirmed":
      return outcome;
    case "reverted":
      throw failed(outcome.reason, "Only the fee was paid.");
    case "dropped":
      throw failed("the chain forgot the transaction.", "Nothing was paid; try again.");
    case "replaced":
      if (outcome.how === "repriced" && outcome.outcome === "confirmed") {
        return outcome;
      }
      throw failed(
        outcome.how === "cancelled" ? "you cancelled it in the wallet." : "another transaction took its place.",
        "Try again when you like.",
      );
  }
}
