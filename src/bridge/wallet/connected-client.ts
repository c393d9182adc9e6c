import {
  type Account,
  type Address,
  type Chain,
  createWalletClient,
  custom,
  type Transport,
  type WalletClient,
} from "viem";
import { chainOf } from "../market/chain";
import type { MarketNetwork } from "../market/network";
import { type Signer, SigningProvider } from "./signing-provider";
import type { SigningPrompt, TransactionIntent } from "./signing-request";
import { findWalletError } from "./wallet-error";

/** A wallet client of viem that asks the connected wallet. */
export type ConnectedClient = WalletClient<Transport, Chain, Account>;

/** A client whose signatures and transactions come from the wallet, each after the user has read and confirmed it. */
export function connectedClient(options: {
  readonly account: Address;
  readonly network: MarketNetwork;
  readonly signer: Signer;
  readonly prompt: SigningPrompt;
  /** What the transaction is for, shown in place of the bare call. */
  readonly intent?: TransactionIntent;
}): ConnectedClient {
  const { account, network, signer, prompt, intent } = options;
  const provider = new SigningProvider(network, signer, prompt, intent);
  // A request that a wallet may have shown must never be repeated on its own.
  return createWalletClient({ account, chain: chainOf(network), transport: custom(provider, { retryCount: 0 }) });
}

/** What the wallet itself said, out of the errors that viem puts around it. */
export async function unwrapped<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw findWalletError(error) ?? error;
  }
}
