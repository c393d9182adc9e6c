import { type Chain, createPublicClient, defineChain, http, type PublicClient } from "viem";
import type { MarketNetwork } from "./network";
import { patientFetch } from "./patient-fetch";

/** Milliseconds that one call of the RPC may take. */
const CALL_TIMEOUT = 10_000;

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
