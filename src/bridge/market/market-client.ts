import type { Address, PublicClient } from "viem";
import type { Unsubscribe } from "../emitter";
import type { MarketNetwork } from "./network";
import type { MarketStore } from "./store";
import type { MarketParameters } from "./types";

/** What the watcher is doing, in a form that can be said in words (`describeStatus`). */
export type MarketStatus =
  | { readonly kind: "stopped" }
  | { readonly kind: "connecting" }
  /** Reading what happened since the last time: block `at` of `to`, begun at `from`. */
  | { readonly kind: "catching-up"; readonly from: bigint; readonly at: bigint; readonly to: bigint }
  | { readonly kind: "live"; readonly block: bigint }
  /** Something is in the way; the next attempt is at `retryAt` (milliseconds since 1970). */
  | { readonly kind: "waiting"; readonly reason: string; readonly retryAt: number }
  /** Only another setting helps: wrong chain, wrong contract address. */
  | { readonly kind: "failed"; readonly reason: string };

/** What an account has. In wei. */
export interface Balances {
  readonly native: bigint;
  readonly ott: bigint;
  /** What the contracts may take of the OTT. */
  readonly allowances: { readonly market: bigint; readonly registry: bigint; readonly distribution: bigint };
}

/** One market on one chain. The actions (`postJob`, `bid`, …) take it as their first argument. */
export interface MarketClient {
  readonly network: MarketNetwork;
  readonly chain: PublicClient;
  readonly store: MarketStore;
  readonly status: MarketStatus;
  onStatus(listener: (status: MarketStatus) => void): Unsubscribe;
  /** Starts to watch. Returns at once; `status` says how it goes. */
  start(): void;
  /** Times and shares of the contracts, read once. @throws {MarketError} */
  parameters(): Promise<MarketParameters>;
  /** @throws {MarketError} */
  balances(account: Address): Promise<Balances>;
  /** Whether the spec's content can be fetched by others; undefined where nobody can tell. */
  readonly isPinned: ((cid: string) => Promise<boolean>) | undefined;
  /** Stops watching, writes what is pending and closes connections. */
  dispose(): Promise<void>;
}
