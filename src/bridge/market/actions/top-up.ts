import type { Address } from "viem";
import { computeMarketAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";
import { ott } from "../words";
import { amount } from "./terms";

/**
 * Anyone: adds money to a running job, which lasts longer by it, up to its longest duration. The market needs an allowance.
 *
 * @param args.sum in wei
 * @throws {MarketError}
 */
export async function topUp(
  market: MarketClient,
  { from, jobId, sum }: { readonly from: Address; readonly jobId: bigint; readonly sum: bigint },
): Promise<PreparedTransaction> {
  return prepare(market, from, {
    title: `Top up job ${jobId}`,
    contract: "market",
    data: encodeFunctionData({ abi: computeMarketAbi, functionName: "topUp", args: [jobId, amount("sum", sum)] }),
    describes: [{ label: "Money added", value: ott(sum) }],
  });
}
