import { type Hash, type Hex, isHex, type PublicClient } from "viem";
import { lie } from "../errors";
import type { Tip } from "../store";

/** What the watcher needs of a block's header. */
export interface Head extends Tip {
  readonly parentHash: Hash;
  /** Missing where a node leaves it out. */
  readonly logsBloom?: Hex;
}

/**
 * Reads a header as a node sends it.
 *
 * @throws {MarketError} `rpc-lied` for one that no chain has
 */
export function readHead(header: unknown): Head {
  const fields = typeof header === "object" && header !== null ? (header as Readonly<Record<string, unknown>>) : {};
  const { hash, parentHash, logsBloom } = fields;
  if (!isHash(hash) || !isHash(parentHash)) {
    throw lie("it sends a block without a hash");
  }
  const bloom = isHex(logsBloom) ? logsBloom : undefined;
  return {
    number: BigInt(count("number", fields["number"])),
    hash,
    parentHash,
    timestamp: count("timestamp", fields["timestamp"]),
    ...(bloom !== undefined && { logsBloom: bloom }),
  };
}

/** The last block. */
export async function latestHead(chain: PublicClient): Promise<Head> {
  return readHead(await chain.request({ method: "eth_getBlockByNumber", params: ["latest", false] }));
}

/** The block of the chain at a number; undefined when the chain is not as long. @throws {MarketError} `rpc-lied` */
export async function headAt(chain: PublicClient, number: bigint): Promise<Head | undefined> {
  const header = await chain.request({ method: "eth_getBlockByNumber", params: [`0x${number.toString(16)}`, false] });
  if (header === null) {
    return undefined;
  }
  const head = readHead(header);
  if (head.number !== number) {
    throw lie(`it answers block ${head.number} to the question for block ${number}`);
  }
  return head;
}

function isHash(value: unknown): value is Hash {
  return isHex(value) && value.length === 66;
}

/** A count that fits into a safe integer; blocks and seconds do for longer than any chain will be. */
function count(field: string, value: unknown): number {
  const number = isHex(value) && value.length > 2 && value.length <= 66 ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(number)) {
    throw lie(`it sends a block whose ${field} is ${String(value).slice(0, 80)}`);
  }
  return number;
}
