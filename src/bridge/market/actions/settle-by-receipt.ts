import type { Address } from "viem";
import { rewardDistributionAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { CoSignedReceipt } from "../receipts";
import type { PreparedTransaction } from "../transaction";
import { duration, ott } from "../words";

/**
 * Ends a job by the last receipt that both sides signed. The node may do so at any time, anyone with a final receipt.
 *
 * @throws {MarketError}
 */
export async function settleByReceipt(
  market: MarketClient,
  { from, signed }: { readonly from: Address; readonly signed: CoSignedReceipt },
): Promise<PreparedTransaction> {
  const { receipt, nodeSignature, developerSignature } = signed;
  return prepare(market, from, {
    title: `Settle job ${receipt.jobId}`,
    contract: "distribution",
    data: encodeFunctionData({
      abi: rewardDistributionAbi,
      functionName: "settle",
      args: [receipt, nodeSignature, developerSignature],
    }),
    describes: [
      { label: "Pays", value: ott(receipt.amount) },
      { label: "In service", value: duration(receipt.usedSeconds) },
      { label: "Receipt", value: `number ${receipt.sequence}${receipt.isFinal ? ", final" : ""}` },
    ],
  });
}
