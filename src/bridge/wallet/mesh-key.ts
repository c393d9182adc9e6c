import { createPrivateKey, createPublicKey, hkdfSync } from "node:crypto";
import { type Hex, hashTypedData, hexToBytes, size, slice, toHex } from "viem";
import { WalletError } from "./wallet-error";

/** For what a WireGuard key is. */
export type MeshPurpose = "node" | "developer";

export interface MeshKeyRequest {
  readonly purpose: MeshPurpose;
  /** Name of the mesh. */
  readonly network: string;
  readonly chainId: number;
  /** Raised to get another key, at most 2^32 - 1. */
  readonly epoch: number;
}

/** A Curve25519 key pair, 32 bytes each. */
export interface MeshKey {
  readonly privateKey: Hex;
  readonly publicKey: Hex;
}

const INFO = "ZLayer WireGuard key, version 1";
/** Head of a PKCS #8 document that holds an X25519 private key (RFC 8410). */
const PKCS8_X25519 = Buffer.from("302e020100300506032b656e04220420", "hex");
const STATEMENT =
  "Derive the WireGuard key of this machine. Whoever has this signature has the key: sign it in ZLayer only.";

/** The EIP-712 message from whose signature the key is derived. */
export function meshKeyMessage({ purpose, network, chainId, epoch }: MeshKeyRequest) {
  if (!/^[\x20-\x7e]{1,64}$/.test(network)) {
    throw new WalletError("invalid-request", "The mesh's name must have 1 to 64 printable ASCII characters.");
  }
  if (!Number.isInteger(epoch) || epoch < 0 || epoch > 0xffff_ffff) {
    throw new WalletError("invalid-request", `The key's epoch must be a whole number from 0 to ${0xffff_ffff}.`);
  }
  return {
    domain: { name: "ZLayer Mesh", version: "1", chainId },
    types: {
      MeshKey: [
        { name: "statement", type: "string" },
        { name: "purpose", type: "string" },
        { name: "network", type: "string" },
        { name: "epoch", type: "uint32" },
      ],
    },
    primaryType: "MeshKey",
    message: { statement: STATEMENT, purpose, network, epoch },
  } as const;
}

/**
 * The key pair from a signature over `meshKeyMessage`: HKDF with SHA-256 (RFC 5869) over the signature's r and s, with the message's
 * EIP-712 digest as salt, clamped for X25519 (RFC 7748). The recovery byte is left out, since wallets write it in different ways.
 *
 * @param signature of 65 bytes, or of 64 (ERC-2098 is not accepted: its s is another)
 * @throws {WalletError} `not-deterministic` for a signature of another size, as contract wallets make them
 */
export function meshKeyFrom(request: MeshKeyRequest, signature: Hex): MeshKey {
  if (size(signature) !== 65) {
    throw new WalletError(
      "not-deterministic",
      `No key can be derived from a signature of ${size(signature)} bytes. Use an account with a key of its own, not a contract.`,
    );
  }
  const salt = hexToBytes(hashTypedData(meshKeyMessage(request)));
  const key = Buffer.from(hkdfSync("sha256", hexToBytes(slice(signature, 0, 64)), salt, INFO, 32));
  key[0] = (key[0] ?? 0) & 0xf8;
  key[31] = ((key[31] ?? 0) & 0x7f) | 0x40;
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_X25519, key]), format: "der", type: "pkcs8" });
  const { x } = createPublicKey(privateKey).export({ format: "jwk" });
  return { privateKey: toHex(key), publicKey: toHex(Buffer.from(x ?? "", "base64url")) };
}

/**
 * Has the wallet sign the message twice and derives the key. A wallet that signs the same message in two ways would give another key at the
 * next start.
 *
 * @param sign has the wallet sign; checks who signed
 * @throws {WalletError} `not-deterministic`, and what `sign` throws
 */
export async function deriveMeshKey(
  request: MeshKeyRequest,
  sign: (message: ReturnType<typeof meshKeyMessage>) => Promise<Hex>,
): Promise<MeshKey> {
  const message = meshKeyMessage(request);
  const first = meshKeyFrom(request, await sign(message));
  const second = meshKeyFrom(request, await sign(message));
  if (first.privateKey !== second.privateKey) {
    throw new WalletError(
      "not-deterministic",
      "This wallet signs the same message differently each time, so no lasting key can be derived from it. Use a wallet with deterministic signatures (RFC 6979).",
    );
  }
  return first;
}
