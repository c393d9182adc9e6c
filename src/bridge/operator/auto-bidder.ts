import { Emitter, type Unsubscribe } from "../emitter";
import type { MarketDesk } from "../market-desk/market-desk";
import type { MarketHub } from "../market-desk/market-hub";
import type { OperatorKey } from "./operator-key";
import { type BidPolicy, decide } from "./policy";

export interface AutoBidderOptions {
  readonly hub: Pick<MarketHub, "client" | "parameters" | "node" | "account" | "now" | "onChange">;
  readonly desk: Pick<MarketDesk, "job">;
  readonly key: Pick<OperatorKey, "state" | "onChange">;
  readonly policy: () => BidPolicy;
  readonly onPolicy: (listener: () => void) => Unsubscribe;
}

/**
 * Bids by the policy while it is switched on, one job after the other. This machine's operator key signs, or the wallet where there is no such
 * key. A bid that was refused is not tried again for the same job.
 */
export class AutoBidder {
  readonly #options: AutoBidderOptions;
  readonly #changes = new Emitter<void>();
  readonly #unsubscribe: Unsubscribe[];
  readonly #tried = new Set<string>();
  #working = false;
  #bids = 0;

  constructor(options: AutoBidderOptions) {
    this.#options = options;
    this.#unsubscribe = [
      options.hub.onChange(({ kind }) => kind === "store" && void this.#look()),
      options.onPolicy(() => {
        this.#tried.clear();
        this.#changes.emit();
        void this.#look();
      }),
      options.key.onChange(() => {
        this.#changes.emit();
        void this.#look();
      }),
    ];
  }

  /** What it does, for the user. */
  get status(): string {
    const { hub, policy, key } = this.#options;
    if (!policy().enabled) {
      return "Switched off: you bid by hand.";
    }
    if (hub.node === undefined || hub.node.status !== "active") {
      return "Switched on, but your node takes no jobs: register or resume it.";
    }
    if (isPoor(key.state)) {
      return "Switched on, but your operator key has no money for fees: add some under My Node.";
    }
    const count = this.#bids === 1 ? "1 bid" : `${this.#bids} bids`;
    const how =
      key.state.kind === "here"
        ? "Your operator key signs them."
        : "Your wallet asks for each; with an operator key (under My Node), none asks.";
    return `Switched on: ${count} since the window was opened. ${how}`;
  }

  onChange(listener: () => void): Unsubscribe {
    return this.#changes.on(listener);
  }

  dispose(): void {
    for (const unsubscribe of this.#unsubscribe) {
      unsubscribe();
    }
  }

  async #look(): Promise<void> {
    const { hub, desk, policy, key } = this.#options;
    const { client, parameters, account } = hub;
    if (
      this.#working ||
      !policy().enabled ||
      isPoor(key.state) ||
      client === undefined ||
      parameters === undefined ||
      account === undefined
    ) {
      return;
    }
    this.#working = true;
    try {
      const open = client.store.jobs({ filter: { states: ["open"], biddableAt: hub.now }, limit: 1_000 }).rows;
      for (const job of open) {
        const round = `${client.network.chainId} ${account} ${job.id} ${job.rounds}`;
        const hasBid = client.store.bids(job.id).some(({ node }) => node === account);
        if (job.state !== "open" || hasBid || this.#tried.has(round)) {
          continue;
        }
        const decision = decide(policy(), job, hub.node, parameters, hub.now);
        if (decision.kind === "bid") {
          this.#tried.add(round);
          const validity = decision.validUntil - hub.now;
          if (await desk.job(job.id, { kind: "bid", rate: String(decision.rate), validity })) {
            this.#bids += 1;
            this.#changes.emit();
          }
        }
      }
    } finally {
      this.#working = false;
    }
  }
}

/** It is there to sign and cannot pay for it. */
function isPoor(state: OperatorKey["state"]): boolean {
  return state.kind === "here" && state.fees === 0n;
}
