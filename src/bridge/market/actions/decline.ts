import type { Address } from "viem";
import { computeMarketAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";

/** The node's wallet or its delegate: hands a job back before it started. @throws {MarketError} */
export async function decline(
  market: MarketClient,
  { from, jobId }: { readonly from: Address; readonly jobId: bigint },
): Promise<PreparedTransaction> {
  return prepare(market, from, {
    title: `Decline job ${jobId}`,
    contract: "market",
    data: encodeFunctionData({ abi: computeMarketAbi, functionName: "decline", args: [jobId] }),
    describes: [
      { label: "Effect", value: "the job is open again; the node loses a quarter of its reputation and no stake" },
    ],
  });
}
