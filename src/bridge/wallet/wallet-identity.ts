// What the wallet proves by a signature: who the user is to a remote API, and which mesh key is theirs.
import type { Hex } from "viem";
import type { MarketNetwork } from "../market/network";
import { unwrapped } from "./connected-client";
import { deriveMeshKey, type MeshKey, type MeshKeyRequest } from "./mesh-key";
import { type SignInRequest, signInMessage } from "./sign-in";
import type { Wallet } from "./wallet";

/**
 * Signs in to a remote API (EIP-4361).
 *
 * @throws {WalletError}
 */
export async function signInWith(
  wallet: Wallet,
  request: SignInRequest,
  network: MarketNetwork,
): Promise<{ readonly message: string; readonly signature: Hex }> {
  const client = wallet.client(network);
  const message = signInMessage(request, client.account.address, network.chainId);
  return { message, signature: await unwrapped(client.signMessage({ message })) };
}

/**
 * Derives a WireGuard key from the wallet's signature. The wallet asks its user twice.
 *
 * @throws {WalletError}
 */
export async function meshKeyOf(
  wallet: Wallet,
  request: Omit<MeshKeyRequest, "chainId">,
  network: MarketNetwork,
): Promise<MeshKey> {
  const client = wallet.client(network);
  return deriveMeshKey({ ...request, chainId: network.chainId }, (message) => unwrapped(client.signTypedData(message)));
}
