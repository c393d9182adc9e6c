import type { Address } from "viem";

/** One line of what is about to be signed. */
export interface SigningField {
  readonly label: string;
  readonly value: string;
}

/** What is about to be signed, in words. */
export interface Description {
  /** `Approve 12.5 OTT` */
  readonly title: string;
  readonly fields: readonly SigningField[];
  /** What the user should think about twice. */
  readonly warnings: readonly string[];
}

/** What the user is asked before the wallet is. */
export interface SigningRequest extends Description {
  readonly kind: "transaction" | "typed-data" | "sign-in";
  readonly account: Address;
  readonly chainId: number;
  /** Name of the network. */
  readonly network: string;
  /** Name of the network's own currency. */
  readonly currency: string;
  /** Name of the wallet, as it gives itself. */
  readonly wallet: string;
  readonly via: "walletconnect" | "devnet";
  /** Most that the transaction costs in the network's own currency, without the value that it sends, in wei. */
  readonly costWei?: bigint;
}

/** Asks the user. */
export interface SigningPrompt {
  /** Shows what will be signed. `false`: do not sign it. */
  confirm(request: SigningRequest): Promise<boolean>;
  /**
   * The wallet shows the request now and waits for its user.
   *
   * @param answered settles, and never rejects, when there is nothing to wait for any more
   * @returns a signal that is aborted when the user gives up waiting
   */
  waiting(request: SigningRequest, answered: Promise<void>): AbortSignal | undefined;
}

/** What the caller of a transaction says it is for; shown in place of the bare call. */
export interface TransactionIntent {
  readonly title: string;
  readonly fields: readonly SigningField[];
}
