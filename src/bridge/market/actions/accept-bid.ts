import type { Address } from "viem";
import { computeMarketAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";
import { perHour, short } from "../words";
import { amount } from "./terms";

/**
 * Developer: takes a node's bid, if it is still at most `rate`.
 *
 * @param args.rate the price that was shown, in wei for a second
 * @throws {MarketError}
 */
export async function acceptBid(
  market: MarketClient,
  args: { readonly from: Address; readonly jobId: bigint; readonly node: Address; readonly rate: bigint },
): Promise<PreparedTransaction> {
  const { from, jobId, node, rate } = args;
  return prepare(market, from, {
    title: `Accept a bid for job ${jobId}`,
    contract: "market",
    data: encodeFunctionData({
      abi: computeMarketAbi,
      functionName: "accept",
      args: [jobId, node, amount("price", rate)],
    }),
    describes: [
      { label: "Node", value: short(node) },
      { label: "Price at most", value: perHour(rate) },
    ],
  });
}
