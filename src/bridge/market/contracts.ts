import type { Address } from "viem";
import { computeMarketAbi } from "../../protocol/abi/compute-market.generated";
import { nodeRegistryAbi } from "../../protocol/abi/node-registry.generated";
import { ottAbi } from "../../protocol/abi/ott.generated";
import { rewardDistributionAbi } from "../../protocol/abi/reward-distribution.generated";
import type { MarketAddresses } from "./network";

export { computeMarketAbi, nodeRegistryAbi, ottAbi, rewardDistributionAbi };

/** All functions, events and errors; for decoding what may come from any of the contracts. */
export const allAbi = [...ottAbi, ...nodeRegistryAbi, ...computeMarketAbi, ...rewardDistributionAbi] as const;

/** One of the four contracts. */
export type ContractName = keyof MarketAddresses;

/** What users call the contracts. */
export const CONTRACT_TITLES: Readonly<Record<ContractName, string>> = {
  token: "the OTT token",
  registry: "the node registry",
  market: "the compute market",
  distribution: "the reward distribution",
};

/** The contract at an address, when it is one of ours. */
export function contractAt(addresses: MarketAddresses, address: Address): ContractName | undefined {
  const names: readonly ContractName[] = ["token", "registry", "market", "distribution"];
  return names.find((name) => addresses[name].toLowerCase() === address.toLowerCase());
}
