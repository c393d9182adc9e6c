import type { Address } from "viem";

/** The other side of a session, as it describes itself. Not verified: anybody can write any name here. */
export interface WalletPeer {
  readonly name: string;
  /** A link that brings the user to the wallet; checked by `walletLink`. */
  readonly link?: string;
}

/** A wallet that is connected. */
export interface WalletSession {
  /** `devnet`: a key on this machine, for the devnet only. */
  readonly via: "walletconnect" | "devnet";
  /** Accounts that may be used on the chosen network; never empty. */
  readonly accounts: readonly Address[];
  readonly account: Address;
  /** Ids of the networks that the wallet allows. */
  readonly chainIds: readonly number[];
  /** The network that is used. */
  readonly chainId: number;
  readonly peer: WalletPeer;
  /** When the session ends by itself, in milliseconds since the Unix epoch. */
  readonly expiresAt?: number;
}

/** Why there is no wallet any more. */
export interface WalletEnd {
  readonly why: "never" | "here" | "by-wallet" | "expired" | "declined" | "cancelled" | "failed";
  /** For the user; empty when there is nothing to say. */
  readonly message: string;
}

export type WalletState =
  | { readonly kind: "disconnected"; readonly end: WalletEnd }
  /** Reads what was kept, or loads the protocol. */
  | { readonly kind: "starting"; readonly message: string }
  | {
      readonly kind: "pairing";
      /** For the QR code; whoever has it can answer in place of the user's wallet until it expires. */
      readonly uri: string;
      /** Milliseconds since the Unix epoch. */
      readonly expiresAt: number;
    }
  | { readonly kind: "connected"; readonly session: WalletSession }
  /** The relay between here and the wallet does not answer. It is tried again until it does. */
  | {
      readonly kind: "relay-unreachable";
      /** Milliseconds since the Unix epoch. */
      readonly since: number;
      readonly message: string;
      /** Still valid, only out of reach; absent while pairing. */
      readonly session?: WalletSession;
    };

/** The session of a state that has one. */
export function sessionOf(state: WalletState): WalletSession | undefined {
  return state.kind === "connected" || state.kind === "relay-unreachable" ? state.session : undefined;
}
