import type { Address } from "viem";
import { nodeRegistryAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";
import { short } from "../words";

/** The node's wallet or its delegate: takes no new jobs. @throws {MarketError} */
export async function pause(
  market: MarketClient,
  { from, node }: { readonly from: Address; readonly node: Address },
): Promise<PreparedTransaction> {
  return prepare(market, from, {
    title: "Pause the node",
    contract: "registry",
    data: encodeFunctionData({ abi: nodeRegistryAbi, functionName: "pause", args: [node] }),
    describes: [{ label: "Node", value: short(node) }],
  });
}
