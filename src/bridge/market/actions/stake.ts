import type { Address } from "viem";
import { nodeRegistryAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";
import { ott } from "../words";
import { amount } from "./terms";

/** Node: pledges more. The registry needs an allowance. @param args.sum in wei. @throws {MarketError} */
export async function stake(
  market: MarketClient,
  { from, sum }: { readonly from: Address; readonly sum: bigint },
): Promise<PreparedTransaction> {
  return prepare(market, from, {
    title: "Add stake",
    contract: "registry",
    data: encodeFunctionData({ abi: nodeRegistryAbi, functionName: "addStake", args: [amount("sum", sum)] }),
    describes: [{ label: "Stake added", value: ott(sum) }],
  });
}
