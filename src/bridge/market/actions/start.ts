import type { Address } from "viem";
import { computeMarketAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";

/** The node's wallet or its delegate: service begins. @throws {MarketError} */
export async function start(
  market: MarketClient,
  { from, jobId }: { readonly from: Address; readonly jobId: bigint },
): Promise<PreparedTransaction> {
  return prepare(market, from, {
    title: `Start job ${jobId}`,
    contract: "market",
    data: encodeFunctionData({ abi: computeMarketAbi, functionName: "start", args: [jobId] }),
    describes: [{ label: "Effect", value: "service begins now, and so does its pay" }],
  });
}
