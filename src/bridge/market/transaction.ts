import type { Account, Address, Chain, Hash, Hex, Transport, TypedDataDefinition, WalletClient } from "viem";

/** A wallet that can sign now: account and chain are known. */
export type Wallet = WalletClient<Transport, Chain, Account>;

/** One line of what a signature does, for the user to read before the wallet asks. */
export interface Described {
  readonly label: string;
  readonly value: string;
}

/** A transaction that was simulated and would succeed now. Nothing has been sent. */
export interface PreparedTransaction {
  /** "Post job", "Accept bid". */
  readonly title: string;
  readonly from: Address;
  readonly to: Address;
  readonly chainId: number;
  readonly data: Hex;
  /** Native currency that goes along, in wei. */
  readonly value: bigint;
  /** Gas limit: the estimate and a margin. */
  readonly gas: bigint;
  /** In wei for a unit of gas. */
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
  /** The most that it can cost in native currency: gas limit times highest fee, and `value`; in wei. */
  readonly costWei: bigint;
  readonly describes: readonly Described[];
  /**
   * Checks the chain and simulates again, then has the wallet sign and send.
   *
   * @throws {MarketError} code `wrong-chain`, `wrong-account`, `rejected` (the user refused), or what the simulation says
   */
  send(wallet: Wallet): Promise<SentTransaction>;
}

/** Something to be signed that is no transaction and costs nothing. */
export interface PreparedSignature<Signed> {
  readonly title: string;
  readonly from: Address;
  readonly chainId: number;
  readonly typedData: TypedDataDefinition;
  readonly describes: readonly Described[];
  /** Has the wallet sign. @throws {MarketError} like `PreparedTransaction.send` */
  sign(wallet: Wallet): Promise<Signed>;
}

export interface SentTransaction {
  readonly hash: Hash;
  /** Waits until it is known what became of it. @throws the signal's `AbortError` */
  wait(options?: { readonly signal?: AbortSignal }): Promise<Outcome>;
}

/** What became of a transaction. `cost` is what it cost in native currency, in wei. */
export type Outcome =
  | {
      readonly kind: "confirmed";
      readonly hash: Hash;
      readonly block: bigint;
      readonly cost: bigint;
      readonly jobId?: bigint;
    }
  | {
      readonly kind: "reverted";
      readonly hash: Hash;
      readonly block: bigint;
      readonly cost: bigint;
      readonly reason: string;
    }
  /** The wallet sent another transaction in its place: the same one with another fee, an empty one, or something else. */
  | {
      readonly kind: "replaced";
      readonly by: Hash;
      readonly how: "repriced" | "cancelled" | "other";
      /** What became of the replacement; of one that was repriced this is what counts. */
      readonly outcome: "confirmed" | "reverted";
      readonly block: bigint;
      readonly jobId?: bigint;
    }
  /** The chain's nodes forgot it; nothing happened and nothing was paid. */
  | { readonly kind: "dropped"; readonly hash: Hash };
