import type { Address } from "viem";
import { computeMarketAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";
import type { JobState } from "../types";

/** What the call does to a job whose time has passed. */
const EFFECTS: Partial<Record<JobState, string>> = {
  open: "nobody was chosen in time: the escrow comes back to the developer",
  assigned:
    "the node did not start in time: it loses stake and reputation, and the job is open again (after the third node the escrow comes back)",
  running: "the node showed no usage in time: the escrow comes back to the developer",
};

/** Anyone: moves on a job whose time has passed, whoever disappeared. @throws {MarketError} */
export async function expire(
  market: MarketClient,
  { from, jobId }: { readonly from: Address; readonly jobId: bigint },
): Promise<PreparedTransaction> {
  const state = market.store.job(jobId)?.state;
  const effect = state === undefined ? undefined : EFFECTS[state];
  return prepare(market, from, {
    title: `End the wait of job ${jobId}`,
    contract: "market",
    data: encodeFunctionData({ abi: computeMarketAbi, functionName: "expire", args: [jobId] }),
    describes: effect === undefined ? [] : [{ label: "Effect", value: effect }],
  });
}
