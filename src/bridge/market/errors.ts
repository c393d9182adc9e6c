import {
  BaseError,
  type Hex,
  HttpRequestError,
  isHex,
  LimitExceededRpcError,
  ResponseBodyTooLargeError,
  RpcRequestError,
  SocketClosedError,
  TimeoutError,
  UserRejectedRequestError,
  WebSocketRequestError,
} from "viem";
import { isAbort, isRecord } from "../sidecar/api-error";
import { decodeContractError } from "./contract-errors";
import { money } from "./words";

export type MarketErrorCode =
  /** The RPC's or the wallet's chain is not the network's. */
  | "wrong-chain"
  /** At an address of the settings is no contract, or another one. */
  | "wrong-contract"
  | "rpc-unreachable"
  | "rpc-slow"
  | "rate-limited"
  /** The RPC answered with something that cannot be true. */
  | "rpc-lied"
  /** The RPC answered with an error of its own. */
  | "rpc-failed"
  /** Too little native currency for the fee. */
  | "insufficient-funds"
  /** The user refused in the wallet. */
  | "rejected"
  /** The wallet signs with another account than the transaction was prepared for. */
  | "wrong-account"
  /** The contract refuses; `reason` is its own. */
  | "refused"
  /** An argument makes no sense; nothing was asked. */
  | "bad-argument"
  /** The spec's content is not pinned, so that no node could fetch it. */
  | "not-pinned"
  /** A receipt that must not be signed or used. */
  | "bad-receipt";

/** Something that the market cannot do. The message is for the user: what failed, why, and what to do. */
export class MarketError extends Error {
  override readonly name = "MarketError";

  /**
   * @param what what is wrong, a sentence
   * @param remedy what to do, a sentence
   * @param details.reason the contract's own reason
   * @param details.errorName the contract's error, such as `TooLate`
   * @param details.retryAfter milliseconds after which the RPC wants to be asked again
   */
  constructor(
    readonly code: MarketErrorCode,
    readonly what: string,
    readonly remedy: string,
    readonly details: {
      readonly reason?: string;
      readonly errorName?: string;
      readonly retryAfter?: number;
      readonly cause?: unknown;
    } = {},
  ) {
    super(`${what} ${remedy}${details.reason === undefined ? "" : ` (${details.reason})`}`, { cause: details.cause });
  }
}

/** The error of a call that the contract refused. @param data what it reverted with */
export function refusal(data: Hex, cause?: unknown): MarketError {
  const { what, remedy, reason, name } = decodeContractError(data);
  return new MarketError("refused", what, remedy, { reason, errorName: name, cause });
}

/** What an RPC did that cannot be true. */
export function lie(what: string): MarketError {
  return new MarketError(
    "rpc-lied",
    `The chain's RPC cannot be trusted: ${what}.`,
    "Choose another RPC in the settings.",
  );
}

/**
 * Makes a `MarketError` of whatever viem, a wallet or a contract threw. An abort stays what it is.
 *
 * @param where the RPC's host, for messages
 * @param currency name of the native currency
 */
export function toMarketError(error: unknown, where: string, currency = "ETH"): Error {
  if (error instanceof MarketError || isAbort(error)) {
    return error as Error;
  }
  const data = revertData(error);
  if (data !== undefined) {
    return refusal(data, error);
  }
  const causes = causesOf(error);
  const found = <Kind extends Error>(kind: abstract new (...args: never[]) => Kind): Kind | undefined =>
    causes.find((cause): cause is Kind => cause instanceof kind);
  if (found(UserRejectedRequestError) || causes.some((cause) => codeOf(cause) === 4001 || codeOf(cause) === 5000)) {
    return new MarketError(
      "rejected",
      "The request was refused in the wallet.",
      "Nothing was sent; try again when you like.",
      {
        cause: error,
      },
    );
  }
  const http = found(HttpRequestError);
  if (http?.status === 429 || found(LimitExceededRpcError) || causes.some((cause) => codeOf(cause) === -32005)) {
    const after = Number(http?.headers?.get("retry-after") ?? Number.NaN);
    const wait = Number.isFinite(after) && after > 0 ? `Try again in ${Math.ceil(after)} s` : "Try again later";
    return new MarketError(
      "rate-limited",
      `${where} gets too many requests.`,
      `${wait}, or choose another RPC in the settings.`,
      {
        ...(Number.isFinite(after) && after > 0 && { retryAfter: after * 1000 }),
        cause: error,
      },
    );
  }
  if (found(TimeoutError)) {
    return new MarketError(
      "rpc-slow",
      `${where} did not answer in time.`,
      "Try again, or choose another RPC in the settings.",
      {
        cause: error,
      },
    );
  }
  const text = causes.map((cause) => cause.message).join("\n");
  if (/insufficient funds|exceeds the balance of the account|OutOfFunds/i.test(text)) {
    return new MarketError(
      "insufficient-funds",
      `The account has too little ${currency} for the fee.`,
      `Get some ${currency} first.`,
      {
        cause: error,
      },
    );
  }
  if (/nonce too low|already known|replacement transaction underpriced/i.test(text)) {
    return new MarketError("rpc-failed", "The wallet sent another transaction in the meantime.", "Try again.", {
      cause: error,
    });
  }
  const rpc = causes.find((cause): cause is RpcRequestError => cause instanceof RpcRequestError);
  if (rpc !== undefined) {
    return new MarketError(
      "rpc-failed",
      `${where} answered with an error: ${rpc.details}.`,
      "Try again, or choose another RPC.",
      {
        cause: error,
      },
    );
  }
  if (
    http !== undefined ||
    found(WebSocketRequestError) ||
    found(SocketClosedError) ||
    found(ResponseBodyTooLargeError)
  ) {
    const why = http?.status === undefined ? "there is no answer" : `it answers with status ${http.status}`;
    return new MarketError(
      "rpc-unreachable",
      `${where} cannot be reached: ${why}.`,
      "Check the connection and the RPC in the settings.",
      {
        cause: error,
      },
    );
  }
  const first =
    error instanceof BaseError ? error.shortMessage : error instanceof Error ? error.message : String(error);
  return new MarketError("rpc-failed", `${where} could not do this: ${first}`, "Try again, or choose another RPC.", {
    cause: error,
  });
}

/** What a call reverted with, when the error says that it reverted. */
export function revertData(error: unknown): Hex | undefined {
  let reverted = false;
  for (const cause of causesOf(error)) {
    const data = "data" in cause ? cause.data : undefined;
    const inner = isRecord(data) ? data["data"] : data;
    if (isHex(inner) && inner.length >= 10) {
      return inner;
    }
    reverted ||= cause.name === "ExecutionRevertedError" || codeOf(cause) === 3;
  }
  return reverted ? "0x" : undefined;
}

function causesOf(error: unknown): Error[] {
  const causes: Error[] = [];
  for (let cause = error; cause instanceof Error && causes.length < 20; cause = cause.cause) {
    causes.push(cause);
  }
  return causes;
}

function codeOf(error: Error): number | undefined {
  return "code" in error && typeof error.code === "number" ? error.code : undefined;
}

/** Too little for the fee: says how much there is and how much is needed. @param needed and @param balance in wei */
export function insufficientFunds(balance: bigint, needed: bigint, currency: string): MarketError {
  return new MarketError(
    "insufficient-funds",
    `The account has ${money(balance, currency)}, but the transaction can cost ${money(needed, currency)}.`,
    `Get ${money(needed - balance, currency)} more.`,
  );
}
