import type { Address } from "viem";
import { computeMarketAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";
import { short } from "../words";

/** Takes a bid back while the job is open. By the node's wallet or its delegate. @throws {MarketError} */
export async function withdrawBid(
  market: MarketClient,
  { from, jobId, node }: { readonly from: Address; readonly jobId: bigint; readonly node: Address },
): Promise<PreparedTransaction> {
  return prepare(market, from, {
    title: `Withdraw the bid for job ${jobId}`,
    contract: "market",
    data: encodeFunctionData({ abi: computeMarketAbi, functionName: "withdrawBid", args: [jobId, node] }),
    describes: [{ label: "Node", value: short(node) }],
  });
}
