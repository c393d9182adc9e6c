import type { Address } from "viem";
import { nodeRegistryAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";

/** Node: makes all that is unbonding stake again. @throws {MarketError} */
export async function cancelUnbonding(
  market: MarketClient,
  { from }: { readonly from: Address },
): Promise<PreparedTransaction> {
  return prepare(market, from, {
    title: "Keep the stake",
    contract: "registry",
    data: encodeFunctionData({ abi: nodeRegistryAbi, functionName: "cancelUnbonding" }),
    describes: [{ label: "Effect", value: "what is unbonding becomes stake again" }],
  });
}
