import type { Address } from "viem";
import { computeMarketAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";

/** Anyone: after the deadline takes the lowest eligible bid of a job that was posted so. @throws {MarketError} */
export async function awardLowest(
  market: MarketClient,
  { from, jobId }: { readonly from: Address; readonly jobId: bigint },
): Promise<PreparedTransaction> {
  return prepare(market, from, {
    title: `Take the lowest bid for job ${jobId}`,
    contract: "market",
    data: encodeFunctionData({ abi: computeMarketAbi, functionName: "assignLowest", args: [jobId] }),
    describes: [{ label: "Effect", value: "the lowest bid of a node that may take the job wins" }],
  });
}
