import type { Address } from "viem";
import { rewardDistributionAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";

/** Anyone: ends a job whose claim nobody disputed in time, or whose dispute nobody decided in time. @throws {MarketError} */
export async function finalize(
  market: MarketClient,
  { from, jobId }: { readonly from: Address; readonly jobId: bigint },
): Promise<PreparedTransaction> {
  return prepare(market, from, {
    title: `Finalize job ${jobId}`,
    contract: "distribution",
    data: encodeFunctionData({ abi: rewardDistributionAbi, functionName: "finalize", args: [jobId] }),
    describes: [
      {
        label: "Effect",
        value: "an undisputed claim is paid; of an undecided one half is paid, and the bond comes back",
      },
    ],
  });
}
