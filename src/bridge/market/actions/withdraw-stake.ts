import type { Address } from "viem";
import { nodeRegistryAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";

/** Node: pays out what has waited for the unbonding delay. @throws {MarketError} */
export async function withdrawStake(
  market: MarketClient,
  { from }: { readonly from: Address },
): Promise<PreparedTransaction> {
  return prepare(market, from, {
    title: "Withdraw the stake",
    contract: "registry",
    data: encodeFunctionData({ abi: nodeRegistryAbi, functionName: "withdraw" }),
    describes: [{ label: "Effect", value: "what has unbonded is paid out to this account" }],
  });
}
