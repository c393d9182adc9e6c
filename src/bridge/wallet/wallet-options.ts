import type { MarketNetwork } from "../market/network";
import type { SecretStore } from "./secret-store";
import type { SigningPrompt } from "./signing-request";
import type { Transactions } from "./transactions";
import type { WalletConnectOptions } from "./walletconnect";

/** What a wallet works with. */
export interface WalletOptions {
  readonly secrets: SecretStore;
  /** Networks that a wallet is asked for, as the settings name them. */
  readonly networks: () => readonly MarketNetwork[];
  /** As the user wrote them. */
  readonly settings: () => { readonly projectId: string; readonly relayUrl: string };
  readonly prompt: SigningPrompt;
  readonly transactions: Transactions;
  readonly returnLink?: string;
  readonly load?: WalletConnectOptions["load"];
  /** How long a QR code is valid at most, in milliseconds; the protocol ends it after five minutes. */
  readonly pairingMs?: number;
  readonly onProblem: (message: string) => void;
}
