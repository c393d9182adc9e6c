import type { Address } from "viem";
import { rewardDistributionAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";
import { ott, percent } from "../words";
import { amount, whole } from "./terms";

/**
 * Arbiter: decides a dispute. An award of the whole claim upholds it; a lower one slashes the node.
 *
 * @param args.award what the job pays, in wei
 * @param args.slashBps share of the locked stake to slash, in hundredths of a percent
 * @throws {MarketError}
 */
export async function decide(
  market: MarketClient,
  args: { readonly from: Address; readonly jobId: bigint; readonly award: bigint; readonly slashBps: number },
): Promise<PreparedTransaction> {
  const { from, jobId, award, slashBps } = args;
  return prepare(market, from, {
    title: `Decide the dispute of job ${jobId}`,
    contract: "distribution",
    data: encodeFunctionData({
      abi: rewardDistributionAbi,
      functionName: "decide",
      args: [jobId, amount("award", award), whole("slash", slashBps, 16)],
    }),
    describes: [
      { label: "Paid to the node", value: ott(award) },
      { label: "Slashed of the locked stake", value: percent(slashBps) },
    ],
  });
}
