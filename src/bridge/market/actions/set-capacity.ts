import type { Address } from "viem";
import { describeCapacity } from "../capacity";
import { nodeRegistryAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";
import type { Capacity } from "../types";
import { capacityArgument } from "./terms";

/** Node: changes what it offers. The stake must suffice for it. @throws {MarketError} */
export async function setCapacity(
  market: MarketClient,
  args: { readonly from: Address; readonly capacity: Capacity },
): Promise<PreparedTransaction> {
  const capacity = capacityArgument(args.capacity);
  return prepare(market, args.from, {
    title: "Change the node's capacity",
    contract: "registry",
    data: encodeFunctionData({ abi: nodeRegistryAbi, functionName: "setCapacity", args: [capacity] }),
    describes: [{ label: "Offers", value: describeCapacity(capacity) }],
  });
}
