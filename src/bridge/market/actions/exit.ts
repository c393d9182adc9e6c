import type { Address } from "viem";
import { nodeRegistryAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";

/** Node: leaves; the whole stake begins to unbond. Refused while a job holds stake. @throws {MarketError} */
export async function exit(market: MarketClient, { from }: { readonly from: Address }): Promise<PreparedTransaction> {
  return prepare(market, from, {
    title: "Leave the market",
    contract: "registry",
    data: encodeFunctionData({ abi: nodeRegistryAbi, functionName: "exit" }),
    describes: [{ label: "Effect", value: "the node takes no more jobs, and its whole stake begins to unbond" }],
  });
}
