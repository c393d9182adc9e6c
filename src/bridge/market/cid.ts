// Content identifiers as text, as users see them, and as the 36 bytes that the contracts take.
import { CID } from "multiformats/cid";
import { bytesToHex, type Hex, hexToBytes } from "viem";
import { MarketError } from "./errors";

/** Codecs of single blocks and of UnixFS trees. */
const CODECS: readonly number[] = [0x55, 0x70];
const SHA2_256 = 0x12;

/**
 * The binary form of a CIDv1 (raw or dag-pb, SHA-256).
 *
 * @param field what the identifier is for, for the message
 * @throws {MarketError} `bad-argument`
 */
export function cidToBytes(text: string, field: string): Hex {
  const wrong = (why: string): MarketError =>
    new MarketError(
      "bad-argument",
      `The ${field} "${text.slice(0, 80)}" ${why}.`,
      "Use the identifier that IPFS gave (bafy… or bafk…).",
    );
  let cid: CID;
  try {
    cid = CID.parse(text);
  } catch (cause) {
    throw wrong(`is no content identifier: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  const v1 = cid.toV1();
  if (!CODECS.includes(v1.code) || v1.multihash.code !== SHA2_256 || v1.bytes.length !== 36) {
    throw wrong("is not a file or a directory with a SHA-256 digest");
  }
  return bytesToHex(v1.bytes);
}

/** The text of a CID from an event; undefined for bytes that are none. */
export function cidFromBytes(bytes: Hex): string | undefined {
  try {
    return CID.decode(hexToBytes(bytes)).toString();
  } catch {
    return undefined;
  }
}
