import type { Address } from "viem";
import { nodeRegistryAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";
import { short } from "../words";

/** The node's wallet or its delegate: takes jobs again. @throws {MarketError} */
export async function resume(
  market: MarketClient,
  { from, node }: { readonly from: Address; readonly node: Address },
): Promise<PreparedTransaction> {
  return prepare(market, from, {
    title: "Resume the node",
    contract: "registry",
    data: encodeFunctionData({ abi: nodeRegistryAbi, functionName: "resume", args: [node] }),
    describes: [{ label: "Node", value: short(node) }],
  });
}
