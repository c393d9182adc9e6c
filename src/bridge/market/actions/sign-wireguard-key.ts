import type { Address, Hex } from "viem";
import { rpcHost } from "../chain";
import { nodeRegistryAbi } from "../contracts";
import { MarketError, toMarketError } from "../errors";
import type { MarketClient } from "../market-client";
import { prepareSignature } from "../prepare";
import type { PreparedSignature } from "../transaction";

/** A WireGuard key that the node's wallet has signed. */
export interface SignedKey {
  /** Curve25519 public key, 32 bytes. */
  readonly publicKey: Hex;
  readonly epoch: number;
  readonly signature: Hex;
}

/**
 * Node: prepares the signature that binds its next WireGuard key; for `registerNode` and `setWireGuardKey`.
 *
 * @throws {MarketError}
 */
export async function signWireGuardKey(
  market: MarketClient,
  { from, publicKey }: { readonly from: Address; readonly publicKey: Hex },
): Promise<PreparedSignature<SignedKey>> {
  if (!/^0x[0-9a-fA-F]{64}$/.test(publicKey)) {
    const what = "The WireGuard key has not 32 bytes in hexadecimal.";
    throw new MarketError("bad-argument", what, "Name the node's public key.");
  }
  const { network, chain } = market;
  const { registry } = network.addresses;
  const node = await chain
    .readContract({ abi: nodeRegistryAbi, address: registry, functionName: "node", args: [from] })
    .catch((error: unknown) => {
      throw toMarketError(error, rpcHost(network), network.currency);
    });
  const epoch = node.keyEpoch + 1;
  return prepareSignature(market, {
    title: "Bind the node's WireGuard key",
    from,
    typedData: {
      domain: {
        name: "ZLayer NodeRegistry",
        version: "1",
        chainId: network.chainId,
        verifyingContract: registry,
      },
      types: {
        WireGuardKey: [
          { name: "node", type: "address" },
          { name: "publicKey", type: "bytes32" },
          { name: "epoch", type: "uint32" },
        ],
      },
      primaryType: "WireGuardKey",
      message: { node: from, publicKey, epoch },
    },
    describes: [
      { label: "Public key", value: publicKey },
      { label: "Key number", value: `${epoch}` },
    ],
    read: (signature) => ({ publicKey, epoch, signature }),
  });
}
