import type { Address } from "viem";
import { nodeRegistryAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";
import { ott } from "../words";
import { amount } from "./terms";

/** Node: starts to take out stake that no job holds. A further request restarts the delay for all that waits. @param args.sum in wei. @throws {MarketError} */
export async function unbond(
  market: MarketClient,
  { from, sum }: { readonly from: Address; readonly sum: bigint },
): Promise<PreparedTransaction> {
  return prepare(market, from, {
    title: "Unbond stake",
    contract: "registry",
    data: encodeFunctionData({ abi: nodeRegistryAbi, functionName: "unbond", args: [amount("sum", sum)] }),
    describes: [{ label: "Stake taken out", value: ott(sum) }],
  });
}
