// Why there is no wallet, in the user's words.
import { findWalletError, WalletError } from "./wallet-error";
import type { WalletEnd } from "./wallet-state";

export const NEVER: WalletEnd = { why: "never", message: "" };

export const ELSEWHERE: WalletEnd = { why: "here", message: "The wallet was disconnected in another window." };

export const EXPIRED: WalletEnd = {
  why: "expired",
  message: "The connection to the wallet expired. Connect it again.",
};

export function notConnected(): WalletError {
  return new WalletError("not-connected", "No wallet is connected. Connect one and try again.");
}

export function cancelled(): WalletError {
  return new WalletError("declined", "Connecting the wallet was cancelled.");
}

/** Why connecting came to nothing, for the state. */
export function endOf(error: unknown): WalletEnd {
  const found = findWalletError(error);
  const message = found?.message ?? (error instanceof Error ? error.message : String(error));
  switch (found?.trouble) {
    case "declined":
      return { why: "declined", message: "The wallet declined the connection." };
    case "expired":
      return { why: "expired", message };
    default:
      return { why: "failed", message };
  }
}
