/** What kept the wallet from doing what it was asked. */
export type WalletTrouble =
  | "not-connected"
  | "not-configured"
  | "declined"
  | "expired"
  | "disconnected"
  | "relay-unreachable"
  | "wrong-chain"
  | "wrong-account"
  | "unsupported"
  | "blind-signature"
  | "unlimited-allowance"
  | "invalid-request"
  | "invalid-link"
  | "not-deterministic"
  | "wallet-failed";

/** A wallet's refusal or failure, in words for the user: what failed, why, and what to do. */
export class WalletError extends Error {
  override readonly name = "WalletError";

  constructor(
    readonly trouble: WalletTrouble,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** The error code of EIP-1193, by which viem tells what the user declined from what failed. */
  get code(): number | undefined {
    switch (this.trouble) {
      case "declined":
        return 4001;
      case "unsupported":
      case "blind-signature":
        return 4200;
      case "not-connected":
      case "disconnected":
      case "relay-unreachable":
        return 4900;
      case "wrong-chain":
        return 4901;
      default:
        return undefined;
    }
  }
}

/** The wallet's error behind what a library made of it, if there is one. */
export function findWalletError(error: unknown): WalletError | undefined {
  let at = error;
  for (let depth = 0; depth < 20 && typeof at === "object" && at !== null; depth += 1) {
    if (at instanceof WalletError) {
      return at;
    }
    at = (at as { cause?: unknown }).cause;
  }
  return undefined;
}

/** Codes by which wallets say that the user declined: EIP-1193, and WalletConnect's own. */
const DECLINED = new Set([4001, 5000, 5001, 5002, 5003]);
const UNSUPPORTED = new Set([4200, -32601, 5101, 10001]);

/**
 * Turns what a wallet or its protocol threw into a `WalletError`.
 *
 * @param wallet its name
 */
export function walletErrorFrom(error: unknown, wallet: string): WalletError {
  if (error instanceof WalletError) {
    return error;
  }
  const { code, message } = partsOf(error);
  const options = { cause: error };
  if ((code !== undefined && DECLINED.has(code)) || /user (rejected|denied|declined)|rejected by user/i.test(message)) {
    return new WalletError("declined", `You declined it in ${wallet}. Nothing was signed.`, options);
  }
  if (code !== undefined && code >= 6000 && code < 7000) {
    return new WalletError("disconnected", `${wallet} was disconnected before it answered.`, options);
  }
  if (/request expired|proposal expired/i.test(message)) {
    return new WalletError("expired", `${wallet} did not answer in time. Open it and try again.`, options);
  }
  if (code !== undefined && UNSUPPORTED.has(code)) {
    return new WalletError("unsupported", `${wallet} does not support this: ${message}. Use another wallet.`, options);
  }
  return new WalletError("wallet-failed", `${wallet} reported an error: ${message}`, options);
}

function partsOf(error: unknown): { code?: number; message: string } {
  if (typeof error === "object" && error !== null) {
    const { code, message } = error as { code?: unknown; message?: unknown };
    return {
      ...(typeof code === "number" && { code }),
      message: printable(typeof message === "string" && message !== "" ? message : "no reason given"),
    };
  }
  return { message: printable(String(error)) };
}

/** What a stranger wrote, as one short line without control characters or marks that change the direction of text. */
export function printable(text: string, longest = 300): string {
  const line = text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
    .replace(/ {2,}/g, " ")
    .trim();
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}
