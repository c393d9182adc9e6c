import type { Address } from "viem";
import { nodeRegistryAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";
import type { SignedKey } from "./sign-wireguard-key";

/** Node: binds another WireGuard key (from `signWireGuardKey`). @throws {MarketError} */
export async function setWireGuardKey(
  market: MarketClient,
  { from, key }: { readonly from: Address; readonly key: SignedKey },
): Promise<PreparedTransaction> {
  return prepare(market, from, {
    title: "Change the node's WireGuard key",
    contract: "registry",
    data: encodeFunctionData({
      abi: nodeRegistryAbi,
      functionName: "setWireGuardKey",
      args: [key.publicKey, key.signature],
    }),
    describes: [
      { label: "Public key", value: key.publicKey },
      { label: "Key number", value: `${key.epoch}` },
    ],
  });
}
