import type { Address } from "viem";
import { computeMarketAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";

/** Anyone: destroys the fees of settled jobs that have gathered. @throws {MarketError} */
export async function burnFees(
  market: MarketClient,
  { from }: { readonly from: Address },
): Promise<PreparedTransaction> {
  return prepare(market, from, {
    title: "Burn the fees",
    contract: "market",
    data: encodeFunctionData({ abi: computeMarketAbi, functionName: "burnFees" }),
    describes: [{ label: "Effect", value: "the fees that have gathered are destroyed; nobody gets them" }],
  });
}
