import type { Address } from "viem";
import { computeMarketAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";

/** Developer: takes an open job from the market. @throws {MarketError} */
export async function cancel(
  market: MarketClient,
  { from, jobId }: { readonly from: Address; readonly jobId: bigint },
): Promise<PreparedTransaction> {
  return prepare(market, from, {
    title: `Cancel job ${jobId}`,
    contract: "market",
    data: encodeFunctionData({ abi: computeMarketAbi, functionName: "cancel", args: [jobId] }),
    describes: [{ label: "Effect", value: "the escrow comes back to the developer" }],
  });
}
