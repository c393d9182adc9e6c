import type { PublicClient } from "viem";
import { rpcHost } from "./chain";
import { computeMarketAbi, nodeRegistryAbi, rewardDistributionAbi } from "./contracts";
import { toMarketError } from "./errors";
import type { MarketNetwork } from "./network";
import { verifyContracts } from "./prepare";
import type { MarketParameters } from "./types";

/** Reads times and shares of the contracts. None of them ever changes. @throws {MarketError} */
export async function readParameters(network: MarketNetwork, chain: PublicClient): Promise<MarketParameters> {
  await verifyContracts(network, chain);
  const { registry, market, distribution } = network.addresses;
  const ofRegistry = { abi: nodeRegistryAbi, address: registry } as const;
  const ofMarket = { abi: computeMarketAbi, address: market } as const;
  const ofDistribution = { abi: rewardDistributionAbi, address: distribution } as const;
  try {
    const [
      stakePerMillicore,
      stakePerMebibyte,
      stakePerGpu,
      lockBps,
      unbondingDelay,
      feeBps,
      noShowBps,
      acceptWindow,
      startWindow,
      rebidWindow,
      claimWindow,
      minFundedSeconds,
      maxBidding,
      maxDuration,
      disputeWindow,
      decisionWindow,
      bondBps,
      minBond,
      arbiter,
    ] = await Promise.all([
      chain.readContract({ ...ofRegistry, functionName: "stakePerMillicore" }),
      chain.readContract({ ...ofRegistry, functionName: "stakePerMebibyte" }),
      chain.readContract({ ...ofRegistry, functionName: "stakePerGpu" }),
      chain.readContract({ ...ofRegistry, functionName: "lockBps" }),
      chain.readContract({ ...ofRegistry, functionName: "unbondingDelay" }),
      chain.readContract({ ...ofMarket, functionName: "feeBps" }),
      chain.readContract({ ...ofMarket, functionName: "noShowBps" }),
      chain.readContract({ ...ofMarket, functionName: "acceptWindow" }),
      chain.readContract({ ...ofMarket, functionName: "startWindow" }),
      chain.readContract({ ...ofMarket, functionName: "rebidWindow" }),
      chain.readContract({ ...ofMarket, functionName: "claimWindow" }),
      chain.readContract({ ...ofMarket, functionName: "minFundedSeconds" }),
      chain.readContract({ ...ofMarket, functionName: "maxBidding" }),
      chain.readContract({ ...ofMarket, functionName: "maxDuration" }),
      chain.readContract({ ...ofDistribution, functionName: "disputeWindow" }),
      chain.readContract({ ...ofDistribution, functionName: "decisionWindow" }),
      chain.readContract({ ...ofDistribution, functionName: "bondBps" }),
      chain.readContract({ ...ofDistribution, functionName: "minBond" }),
      chain.readContract({ ...ofDistribution, functionName: "arbiter" }),
    ]);
    return {
      stakePerMillicore,
      stakePerMebibyte,
      stakePerGpu,
      lockBps,
      unbondingDelay,
      feeBps,
      noShowBps,
      acceptWindow,
      startWindow,
      rebidWindow,
      claimWindow,
      minFundedSeconds,
      maxBidding,
      maxDuration,
      disputeWindow,
      decisionWindow,
      bondBps,
      minBond,
      arbiter,
    };
  } catch (error) {
    throw toMarketError(error, rpcHost(network), network.currency);
  }
}
