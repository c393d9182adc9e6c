import type { Address } from "viem";
import { rpcHost } from "../chain";
import { cidToBytes } from "../cid";
import { rewardDistributionAbi } from "../contracts";
import { toMarketError } from "../errors";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";
import { ott } from "../words";

/**
 * Developer: disputes a node's claim with a bond. The distribution needs an allowance for `bondOf`.
 *
 * @param args.evidenceCid CIDv1 of what speaks against the claim
 * @throws {MarketError}
 */
export async function dispute(
  market: MarketClient,
  args: { readonly from: Address; readonly jobId: bigint; readonly evidenceCid: string },
): Promise<PreparedTransaction> {
  const { from, jobId, evidenceCid } = args;
  const evidence = cidToBytes(evidenceCid, "evidence's CID");
  const bond = await bondOf(market, jobId);
  return prepare(market, from, {
    title: `Dispute the claim of job ${jobId}`,
    contract: "distribution",
    data: encodeFunctionData({ abi: rewardDistributionAbi, functionName: "dispute", args: [jobId, evidence] }),
    describes: [
      { label: "Bond", value: `${ott(bond)}; lost if the arbiter upholds the claim, else it comes back` },
      { label: "Evidence", value: evidenceCid },
    ],
  });
}

/** The bond that disputing a job's claim needs, in wei. @throws {MarketError} */
export async function bondOf({ network, chain }: MarketClient, jobId: bigint): Promise<bigint> {
  const contract = { abi: rewardDistributionAbi, address: network.addresses.distribution } as const;
  try {
    const claim = await chain.readContract({ ...contract, functionName: "claimOf", args: [jobId] });
    return await chain.readContract({ ...contract, functionName: "bondFor", args: [claim.amount] });
  } catch (error) {
    throw toMarketError(error, rpcHost(network), network.currency);
  }
}
