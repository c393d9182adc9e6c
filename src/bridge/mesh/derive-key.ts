// A node's or a window's mesh key from a signature of its wallet, as the engine's crate `sidecar-mesh` derives it.
import { hkdfSync } from "node:crypto";

const SALT = "zlayer-mesh-key-v1";

/** What a key is for. Another purpose, network or epoch gives an unrelated key. */
export interface MeshKeyUse {
  /** `node` or `window`; 1 to 255 bytes. */
  purpose: string;
  /** The network's name; 1 to 255 bytes. */
  network: string;
  /** Counts the keys of one use; below 2^64. */
  epoch: bigint;
}

/**
 * The curve25519 secret (32 bytes) for a use, from a wallet's signature (64 or 65 bytes).
 *
 * @throws {RangeError} when the signature, the purpose, the network or the epoch has another size.
 */
export function deriveMeshKey(signature: Uint8Array, use: MeshKeyUse): Uint8Array {
  if (signature.length !== 64 && signature.length !== 65) {
    throw new RangeError(
      `A mesh key is derived from a signature of 64 or 65 bytes; this one has ${signature.length}. Sign the message again.`,
    );
  }
  const epoch = Buffer.alloc(8);
  epoch.writeBigUInt64BE(use.epoch);
  const info = Buffer.concat([part("purpose", use.purpose), part("network", use.network), epoch]);
  const secret = new Uint8Array(hkdfSync("sha256", signature, SALT, info, 32));
  const [first = 0] = secret;
  const last = secret[31] ?? 0;
  // The bits that curve25519 fixes.
  secret[0] = first & 248;
  secret[31] = (last & 127) | 64;
  return secret;
}

function part(field: string, text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  if (bytes.length < 1 || bytes.length > 255) {
    throw new RangeError(`The ${field} of a mesh key has 1 to 255 bytes; '${text.slice(0, 40)}' has ${bytes.length}.`);
  }
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
