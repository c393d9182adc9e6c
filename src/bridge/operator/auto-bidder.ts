import { Emitter, type Unsubscribe } from "../emitter";
import type { MarketDesk } from "../market-desk/market-desk";
import type { MarketHub } from "../market-desk/market-hub";
import { type BidPolicy, decide } from "./policy";

export interface AutoBidderOptions {
  readonly hub: Pick<MarketHub, "client" | "parameters" | "node" | "account" | "now" | "onChange">;
  readonly desk: Pick<MarketDesk, "job">;
  readonly policy: () => BidPolicy;
  readonly onPolicy: (listener: () => void) => Unsubscribe;
}

/**
 * Bids by the policy while it is switched on, one job after the other: the wallet signs each bid. A bid that was refused is not
 * tried again for the same job.
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
    ];
  }

  /** What it does, for the user. */
  get status(): string {
    const { hub, policy } = this.#options;
    if (!policy().enabled) {
      return "Switched off: you bid by hand.";
    }
    if (hub.node === undefined || hub.node.status !== "active") {
      return "Switched on, but your node takes no jobs: register or resume it.";
    }
    const count = this.#bids === 1 ? "1 bid" : `${this.#bids} bids`;
    return `Switched on: ${count} since the window was opened. Your wallet asks for each.`;
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
    const { hub, desk, policy } = this.#options;
    const { client, parameters, account } = hub;
    if (
      this.#working ||
      !policy().enabled ||
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
        const key = `${client.network.chainId} ${account} ${job.id} ${job.rounds}`;
        const hasBid = client.store.bids(job.id).some(({ node }) => node === account);
        if (job.state !== "open" || hasBid || this.#tried.has(key)) {
          continue;
        }
        const decision = decide(policy(), job, hub.node, parameters, hub.now);
        if (decision.kind === "bid") {
          this.#tried.add(key);
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
