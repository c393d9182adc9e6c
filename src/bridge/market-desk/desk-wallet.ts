import type { Address, Hex } from "viem";
import type { Unsubscribe } from "../emitter";
import type { MarketNetwork } from "../market/network";
import type { Described, Wallet } from "../market/transaction";

/** The wallet as the market needs it. */
export interface DeskWallet {
  readonly state:
    | { readonly kind: "none" }
    | { readonly kind: "connecting" }
    | { readonly kind: "connected"; readonly account: Address; readonly chainId: number; readonly label: string };
  onChange(listener: () => void): Unsubscribe;
  /** Shows how to connect; resolves when it is shown. */
  connect(): PromiseLike<unknown>;
  /** @throws Error with the reason, when the wallet does not allow the chain */
  switchChain(chainId: number): PromiseLike<unknown>;
  /**
   * A client that asks the user before the wallet signs.
   *
   * @param intent what the signature is for, in words
   * @throws Error when no wallet is connected
   */
  client(network: MarketNetwork, intent: { readonly title: string; readonly fields: readonly Described[] }): Wallet;
  /** The public WireGuard key of this machine's node, 32 bytes: derived from the wallet's signature. */
  nodeKey(network: MarketNetwork): Promise<Hex>;
}
