import type { Address } from "viem";
import { computeMarketAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";

/** Developer, node or delegate: service ends now; what was used is to be paid. @throws {MarketError} */
export async function stopEarly(
  market: MarketClient,
  { from, jobId }: { readonly from: Address; readonly jobId: bigint },
): Promise<PreparedTransaction> {
  return prepare(market, from, {
    title: `Stop job ${jobId}`,
    contract: "market",
    data: encodeFunctionData({ abi: computeMarketAbi, functionName: "stop", args: [jobId] }),
    describes: [{ label: "Effect", value: "service ends now; what was used is to be paid" }],
  });
}
