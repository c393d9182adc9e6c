import { type Chain, createPublicClient, defineChain, http, type PublicClient } from "viem";
import { delay } from "../wait";
import type { MarketNetwork } from "./network";

/** Milliseconds that one call of the RPC may take. */
const CALL_TIMEOUT = 10_000;
/** Milliseconds that a call waits at most for an RPC that asks for a pause; a longer pause is an error that says so. */
const LONGEST_PAUSE = 4_000;
const ATTEMPTS = 3;

/** viem's description of a network. */
export function chainOf(network: MarketNetwork): Chain {
  return defineChain({
    id: network.chainId,
    name: network.name,
    nativeCurrency: { name: network.currency, symbol: network.currency, decimals: 18 },
    rpcUrls: {
      default: { http: [network.rpcUrl], ...(network.wsUrl !== undefined && { webSocket: [network.wsUrl] }) },
    },
    testnet: network.isDevnet,
  });
}

/** A client that asks the network's RPC over HTTP. @param timeout of one call, in milliseconds */
export function connect(network: MarketNetwork, timeout: number = CALL_TIMEOUT): PublicClient {
  return createPublicClient({
    chain: chainOf(network),
    // Blocks are what changes answers, and the watcher says when there is a new one.
    cacheTime: 0,
    pollingInterval: network.isDevnet ? 250 : 2_000,
    transport: http(network.rpcUrl, { retryCount: 0, timeout, fetchFn: patientFetch }),
  });
}

/** Host of the network's RPC, for messages. A path may hold a secret key. */
export function rpcHost(network: MarketNetwork): string {
  return `The RPC at ${new URL(network.rpcUrl).host}`;
}

/**
 * Repeats what an RPC refuses because it gets too many requests, after the pause that it asks for. A pause that is too long to wait for
 * is the caller's to handle.
 */
async function patientFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(input, init);
    if ((response.status !== 429 && response.status !== 503) || attempt === ATTEMPTS) {
      return response;
    }
    const asked = Number(response.headers.get("retry-after") ?? 0.25 * attempt) * 1000;
    if (!(asked <= LONGEST_PAUSE)) {
      return response;
    }
    await response.body?.cancel();
    await delay(asked, init?.signal ?? undefined);
  }
}
