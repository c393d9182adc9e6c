import { type Address, createWalletClient, http, isAddressEqual, isHex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { Emitter, type Unsubscribe } from "../emitter";
import { chainOf } from "../market/chain";
import type { MarketNetwork } from "../market/network";
import type { Wallet } from "../market/transaction";
import type { HubChange, MarketHub } from "../market-desk/market-hub";
import type { SecretStore } from "../wallet/secret-store";
import { guardedAccount } from "./guarded-account";

/** Who works for the connected wallet's node without asking the wallet. */
export type OperatorKeyState =
  | { readonly kind: "none" }
  /** The registry names a key that this machine does not have. */
  | { readonly kind: "elsewhere"; readonly address: Address }
  /** This machine has the key that the registry names. `fees`: native currency on its account in wei; undefined while unknown. */
  | { readonly kind: "here"; readonly address: Address; readonly fees: bigint | undefined };

export interface OperatorKeyOptions {
  readonly hub: Pick<MarketHub, "client" | "account" | "node" | "onChange">;
  readonly secrets: SecretStore;
  readonly onProblem: (message: string) => void;
}

/**
 * The delegate key of the connected wallet's node: made here, kept in the secret store, named in the registry by the wallet once. It pays
 * fees from an account of its own, so that what was put there is the most that it can spend.
 */
export class OperatorKey {
  readonly #options: OperatorKeyOptions;
  readonly #changes = new Emitter<OperatorKeyState>();
  readonly #unsubscribe: Unsubscribe;
  #state: OperatorKeyState = { kind: "none" };
  #turn = 0;

  constructor(options: OperatorKeyOptions) {
    this.#options = options;
    this.#unsubscribe = options.hub.onChange((change) => {
      if (this.#concerns(change)) {
        void this.refresh();
      }
    });
  }

  get state(): OperatorKeyState {
    return this.#state;
  }

  onChange(listener: (state: OperatorKeyState) => void): Unsubscribe {
    return this.#changes.on(listener);
  }

  dispose(): void {
    this.#turn += 1;
    this.#unsubscribe();
    this.#changes.clear();
  }

  /** Looks at what the registry names, what is kept here, and what the account has. */
  async refresh(): Promise<void> {
    const turn = ++this.#turn;
    const { client, account, node } = this.#options.hub;
    const delegate = node === undefined || node.status === "exited" ? undefined : node.delegate;
    if (client === undefined || account === undefined || delegate === undefined) {
      this.#set({ kind: "none" });
      return;
    }
    try {
      const kept = await this.#kept(client.network, account);
      if (turn !== this.#turn) {
        return;
      }
      if (kept === undefined || !isAddressEqual(privateKeyToAccount(kept).address, delegate)) {
        this.#set({ kind: "elsewhere", address: delegate });
        return;
      }
      const before = this.#state.kind === "here" && this.#state.address === delegate ? this.#state.fees : undefined;
      this.#set({ kind: "here", address: delegate, fees: before });
      const fees = await client.chain.getBalance({ address: delegate });
      if (turn === this.#turn) {
        this.#set({ kind: "here", address: delegate, fees });
      }
    } catch (error) {
      this.#options.onProblem(
        `The operator key could not be read: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  /** Makes a key, or takes one that was made and never named in the registry. It is kept before it is used. */
  async create(network: MarketNetwork, node: Address): Promise<Address> {
    const kept = (await this.#kept(network, node)) ?? generatePrivateKey();
    await this.#options.secrets.store(nameOf(network, node), kept);
    return privateKeyToAccount(kept).address;
  }

  async forget(network: MarketNetwork, node: Address): Promise<void> {
    await this.#options.secrets.delete(nameOf(network, node));
    await this.refresh();
  }

  /** Signs with the key what a delegate may do; undefined where there is none. */
  async wallet(network: MarketNetwork, node: Address): Promise<Wallet | undefined> {
    const kept = await this.#kept(network, node);
    return kept === undefined
      ? undefined
      : createWalletClient({
          account: guardedAccount(privateKeyToAccount(kept), network, node),
          chain: chainOf(network),
          transport: http(network.rpcUrl),
        });
  }

  async #kept(network: MarketNetwork, node: Address): Promise<`0x${string}` | undefined> {
    const kept = await this.#options.secrets.get(nameOf(network, node));
    return isHex(kept) && kept.length === 66 ? kept : undefined;
  }

  #concerns(change: HubChange): boolean {
    const { account } = this.#options.hub;
    return (
      change.kind === "network" ||
      change.kind === "wallet" ||
      change.kind === "balances" ||
      (change.kind === "store" && account !== undefined && (change.change.undone || change.change.nodes.has(account)))
    );
  }

  #set(state: OperatorKeyState): void {
    if (JSON.stringify(state, plain) !== JSON.stringify(this.#state, plain)) {
      this.#state = state;
      this.#changes.emit(state);
    }
  }
}

function nameOf({ chainId, addresses }: MarketNetwork, node: Address): string {
  return `zlayer.operator.key.${chainId}.${addresses.registry}.${node}`;
}

function plain(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
