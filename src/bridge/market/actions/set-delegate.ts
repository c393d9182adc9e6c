import { type Address, zeroAddress } from "viem";
import { nodeRegistryAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";
import { address } from "./terms";

/** Node: sets the key for unattended work; undefined removes it. @throws {MarketError} */
export async function setDelegate(
  market: MarketClient,
  args: { readonly from: Address; readonly delegate: Address | undefined },
): Promise<PreparedTransaction> {
  const delegate = args.delegate === undefined ? zeroAddress : address("delegate", args.delegate);
  const none = delegate === zeroAddress;
  return prepare(market, args.from, {
    title: none ? "Remove the delegate key" : "Set the delegate key",
    contract: "registry",
    data: encodeFunctionData({ abi: nodeRegistryAbi, functionName: "setDelegate", args: [delegate] }),
    describes: [
      { label: "Delegate key", value: none ? "none" : delegate },
      {
        label: "It may",
        value: none ? "nothing" : "bid, start, stop, prove usage and sign receipts; never move money",
      },
    ],
  });
}
