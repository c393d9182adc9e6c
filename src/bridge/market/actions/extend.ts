import type { Address, Hex } from "viem";
import { computeMarketAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";
import { duration, ott } from "../words";
import { amount, whole } from "./terms";

/**
 * Developer: prolongs a running job with the node's consent (`signExtension`) and adds money. The market needs an allowance.
 *
 * @param args.maxDuration the new longest duration in seconds
 * @param args.sum money to add, in wei
 * @throws {MarketError}
 */
export async function extend(
  market: MarketClient,
  args: {
    readonly from: Address;
    readonly jobId: bigint;
    readonly maxDuration: number;
    readonly sum: bigint;
    readonly signature: Hex;
  },
): Promise<PreparedTransaction> {
  const { from, jobId, maxDuration, sum, signature } = args;
  return prepare(market, from, {
    title: `Extend job ${jobId}`,
    contract: "market",
    data: encodeFunctionData({
      abi: computeMarketAbi,
      functionName: "extend",
      args: [jobId, whole("longest duration", maxDuration, 32), amount("sum", sum), signature],
    }),
    describes: [
      { label: "Longest duration", value: duration(maxDuration) },
      { label: "Money added", value: ott(sum) },
    ],
  });
}
