import type { Address } from "viem";
import type { WorkState } from "../../protocol/market-messages";
import * as actions from "../market/actions";
import { MarketError } from "../market/errors";
import type { MarketClient } from "../market/market-client";
import type { Described, Outcome, PreparedSignature, PreparedTransaction, Wallet } from "../market/transaction";

/** Who signs: the connected wallet, which asks its user, or a key of this machine. */
export interface Signer {
  readonly kind: "wallet" | "key";
  readonly address: Address;
  /** @param intent what the signature is for, in words */
  wallet(intent: { readonly title: string; readonly fields: readonly Described[] }): Wallet;
}

/** The user did not want to go on. */
export class Dropped extends Error {
  override readonly name = "Dropped";
}

export interface DeskStepOptions {
  readonly client: MarketClient;
  /** The connected account. */
  readonly account: Address;
  readonly signer: Signer;
  readonly say: (status: WorkState["status"], message: string) => void;
  /** Told when a transaction has come to its end. */
  readonly onOutcome: () => void;
}

/** One thing that the user started: it prepares, has it signed, sends and waits, and tells each of that. */
export class DeskStep {
  readonly #options: DeskStepOptions;

  constructor(options: DeskStepOptions) {
    this.#options = options;
  }

  get client(): MarketClient {
    return this.#options.client;
  }

  /** The connected account, which is also its node's address. */
  get account(): Address {
    return this.#options.account;
  }

  /** Whose signature goes under what is sent. */
  get from(): Address {
    return this.#options.signer.address;
  }

  say(status: WorkState["status"], message: string): void {
    this.#options.say(status, message);
  }

  /** The same with another signer. */
  as(signer: Signer): DeskStep {
    return new DeskStep({ ...this.#options, signer });
  }

  async sign<Signed>(prepared: PreparedSignature<Signed>): Promise<Signed> {
    this.#sayWhoSigns(prepared.title);
    return prepared.sign(this.#options.signer.wallet({ title: prepared.title, fields: prepared.describes }));
  }

  /** @throws {MarketError} unless the chain has confirmed it */
  async send(preparing: Promise<PreparedTransaction>): Promise<Outcome & { readonly jobId?: bigint }> {
    this.say("preparing", "Asking the chain whether it would succeed…");
    const prepared = await preparing;
    this.#sayWhoSigns(prepared.title);
    const wallet = this.#options.signer.wallet({ title: prepared.title, fields: prepared.describes });
    const sent = await prepared.send(wallet);
    this.say("sent", `Sent. Waiting for the chain to confirm ${sent.hash.slice(0, 10)}…`);
    const outcome = await sent.wait();
    this.#options.onOutcome();
    return requireSuccess(prepared.title, outcome);
  }

  /** Sends, and says what came of it. */
  async done(preparing: Promise<PreparedTransaction>, message: string): Promise<void> {
    await this.send(preparing);
    this.say("done", message);
  }

  /** Allows a contract exactly what it is about to take, when it may not take as much yet. */
  async allow(spender: actions.Spender, sum: bigint): Promise<void> {
    const { client, from } = this;
    const { allowances } = await client.balances(from);
    if (sum > 0n && allowances[spender] < sum) {
      await this.send(actions.approve(client, { from, spender, sum }));
    }
  }

  #sayWhoSigns(title: string): void {
    const what = title.charAt(0).toLowerCase() + title.slice(1);
    this.say(
      "signing",
      this.#options.signer.kind === "wallet"
        ? `Confirm in your wallet: ${what}.`
        : `This machine’s operator key signs: ${what}.`,
    );
  }
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
