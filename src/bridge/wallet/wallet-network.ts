import { type Address, type Chain, defineChain } from "viem";
import type { MarketNetwork } from "../market/network";
import type { DescribeContext } from "./typed-data";

/** A network on which a wallet is used. */
export type WalletNetwork = Pick<MarketNetwork, "name" | "chainId" | "rpcUrl" | "currency" | "addresses" | "isDevnet">;

/** The network as viem wants it. */
export function chainOf(network: WalletNetwork): Chain {
  return defineChain({
    id: network.chainId,
    name: network.name,
    nativeCurrency: { name: network.currency, symbol: network.currency, decimals: 18 },
    rpcUrls: { default: { http: [network.rpcUrl] } },
  });
}

/** What the network's addresses are called where the user reads them. */
export function contextOf({ addresses }: WalletNetwork): DescribeContext {
  return {
    names: new Map<Address, string>([
      [addresses.token, "OTT token"],
      [addresses.registry, "node registry"],
      [addresses.market, "compute market"],
      [addresses.distribution, "reward distribution"],
    ]),
    token: { address: addresses.token, symbol: "OTT", decimals: 18 },
  };
}
