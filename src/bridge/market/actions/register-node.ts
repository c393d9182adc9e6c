import { type Address, zeroAddress } from "viem";
import { describeCapacity } from "../capacity";
import { nodeRegistryAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";
import type { Capacity } from "../types";
import { ott, short } from "../words";
import type { SignedKey } from "./sign-wireguard-key";
import { address, amount, capacityArgument } from "./terms";

/**
 * Registers the account as a node. The registry needs an allowance for the stake.
 *
 * @param args.stake money to pledge, in wei; `requiredStake` says how much the capacity needs
 * @param args.delegate key for unattended work
 * @param args.key from `signWireGuardKey`
 * @throws {MarketError}
 */
export async function registerNode(
  market: MarketClient,
  args: {
    readonly from: Address;
    readonly capacity: Capacity;
    readonly stake: bigint;
    readonly delegate?: Address;
    readonly key: SignedKey;
  },
): Promise<PreparedTransaction> {
  const { from, stake, key } = args;
  const capacity = capacityArgument(args.capacity);
  const delegate = args.delegate === undefined ? zeroAddress : address("delegate", args.delegate);
  return prepare(market, from, {
    title: "Register node",
    contract: "registry",
    data: encodeFunctionData({
      abi: nodeRegistryAbi,
      functionName: "register",
      args: [capacity, amount("stake", stake), delegate, key.publicKey, key.signature],
    }),
    describes: [
      { label: "Offers", value: describeCapacity(capacity) },
      { label: "Stake", value: ott(stake) },
      { label: "Delegate key", value: delegate === zeroAddress ? "none" : short(delegate) },
      { label: "WireGuard key", value: key.publicKey },
    ],
  });
}
