import type { Address } from "viem";
import { Emitter, type Unsubscribe } from "../emitter";
import type { Balances, MarketClient } from "../market/market-client";
import type { MarketNetwork, NetworkProblem } from "../market/network";
import type { StoreChange } from "../market/store";
import type { MarketNode, MarketParameters } from "../market/types";
import type { DeskWallet } from "./desk-wallet";

export type HubChange =
  /** Another network, or none: everything is different. */
  | { readonly kind: "network" }
  /** The connection got better or worse. */
  | { readonly kind: "status" }
  | { readonly kind: "wallet" }
  | { readonly kind: "balances" }
  | { readonly kind: "store"; readonly change: StoreChange };

export interface HubOptions {
  readonly wallet: DeskWallet;
  /** Makes a client that has not started. */
  readonly open: (network: MarketNetwork) => MarketClient;
  readonly onProblem: (message: string) => void;
}

/** The market that is in use: views listen here and stay, while the client behind it changes with the settings. */
export class MarketHub {
  readonly wallet: DeskWallet;
  readonly #options: HubOptions;
  readonly #changes = new Emitter<HubChange>();
  readonly #unsubscribe: Unsubscribe[] = [];
  #networks: readonly MarketNetwork[] = [];
  #problems: readonly NetworkProblem[] = [];
  #client: MarketClient | undefined;
  #parameters: MarketParameters | undefined;
  #balances: { readonly account: Address; readonly balances: Balances } | undefined;
  #lastSeen: number | undefined;
  #ending: Promise<void> = Promise.resolve();

  constructor(options: HubOptions) {
    this.#options = options;
    this.wallet = options.wallet;
    this.#unsubscribe.push(
      options.wallet.onChange(() => {
        this.#balances = undefined;
        this.#changes.emit({ kind: "wallet" });
        void this.readBalances();
      }),
    );
  }

  get client(): MarketClient | undefined {
    return this.#client;
  }

  /** Known once the contracts have answered. */
  get parameters(): MarketParameters | undefined {
    return this.#parameters;
  }

  get networks(): readonly MarketNetwork[] {
    return this.#networks;
  }

  get problems(): readonly NetworkProblem[] {
    return this.#problems;
  }

  get account(): Address | undefined {
    const { state } = this.wallet;
    return state.kind === "connected" ? state.account : undefined;
  }

  get node(): MarketNode | undefined {
    return this.account === undefined ? undefined : this.#client?.store.node(this.account);
  }

  get balances(): Balances | undefined {
    return this.#balances?.account === this.account ? this.#balances?.balances : undefined;
  }

  /** Seconds since the Unix epoch: the newest block's time, and what has passed since. */
  get now(): number {
    const local = Math.floor(Date.now() / 1_000);
    return Math.max(local, this.#client?.store.tip?.timestamp ?? 0);
  }

  /** When the chain answered last, seconds since the Unix epoch. */
  get lastSeen(): number | undefined {
    return this.#lastSeen;
  }

  onChange(listener: (change: HubChange) => void): Unsubscribe {
    return this.#changes.on(listener);
  }

  /** Uses the network of this name, else the first. A client that goes on with the same network is kept. */
  use(networks: readonly MarketNetwork[], problems: readonly NetworkProblem[], selected: string): void {
    this.#networks = networks;
    this.#problems = problems;
    const network = networks.find(({ name }) => name === selected) ?? (selected === "" ? networks[0] : undefined);
    const same = JSON.stringify(network, plain) === JSON.stringify(this.#client?.network, plain);
    if (!same) {
      this.#replace(network);
    }
    this.#changes.emit({ kind: "network" });
  }

  /** Drops the connection and makes a new one. */
  restart(): void {
    this.#replace(this.#client?.network);
    this.#changes.emit({ kind: "network" });
  }

  /** Reads what the connected account has. */
  async readBalances(): Promise<void> {
    const { account } = this;
    const client = this.#client;
    if (account === undefined || client === undefined || client.status.kind !== "live") {
      return;
    }
    try {
      const balances = await client.balances(account);
      if (client === this.#client && account === this.account) {
        this.#balances = { account, balances };
        this.#changes.emit({ kind: "balances" });
      }
    } catch (error) {
      this.#options.onProblem(
        `The balances could not be read: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  async dispose(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) {
      unsubscribe();
    }
    this.#changes.clear();
    this.#replace(undefined);
    await this.#ending;
  }

  #replace(network: MarketNetwork | undefined): void {
    const before = this.#client;
    if (before !== undefined) {
      this.#ending = this.#ending.then(() => before.dispose()).catch((error) => this.#options.onProblem(String(error)));
    }
    this.#parameters = undefined;
    this.#balances = undefined;
    this.#lastSeen = undefined;
    const client = network === undefined ? undefined : this.#options.open(network);
    this.#client = client;
    if (client === undefined) {
      return;
    }
    const current = (): boolean => client === this.#client;
    client.onStatus((status) => {
      if (current()) {
        if (status.kind === "live") {
          this.#lastSeen = Math.floor(Date.now() / 1_000);
          void this.#readParameters(client);
        }
        this.#changes.emit({ kind: "status" });
      }
    });
    client.store.subscribe((change) => {
      if (current()) {
        this.#changes.emit({ kind: "store", change });
        void this.readBalances();
      }
    });
    // The file of the store belongs to one client at a time.
    void this.#ending.then(() => current() && client.start());
  }

  async #readParameters(client: MarketClient): Promise<void> {
    if (this.#parameters !== undefined) {
      return;
    }
    try {
      const parameters = await client.parameters();
      if (client === this.#client && this.#parameters === undefined) {
        this.#parameters = parameters;
        this.#changes.emit({ kind: "network" });
        await this.readBalances();
      }
    } catch (error) {
      this.#options.onProblem(
        `The market's parameters could not be read: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
