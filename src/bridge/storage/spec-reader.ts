import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { decode } from "@ipld/dag-pb";
import { create } from "kubo-rpc-client";
import { CID } from "multiformats/cid";
import { SPEC_MAX } from "./spec-publisher";
import { blocksOf } from "./unixfs";

/** The content is not there, too large, or other than its address says; the message is for the user. */
export class SpecUnreadable extends Error {
  override readonly name = "SpecUnreadable";
}

/** Fetches what a `SpecPublisher` published. */
export interface SpecReader {
  /**
   * @returns content that has this CID: whoever delivered it need not be trusted
   * @throws {SpecUnreadable}
   */
  read(cid: string, signal?: AbortSignal): Promise<Uint8Array>;
}

/** Reads from the directory of an `EmbeddedPublisher`. */
export class EmbeddedReader implements SpecReader {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async read(cid: string): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    await this.#collect(parse(cid), parts, { left: SPEC_MAX });
    return verified(cid, Buffer.concat(parts));
  }

  async #collect(cid: CID, parts: Uint8Array[], budget: { left: number }): Promise<void> {
    const block = await readFile(join(this.#directory, cid.toString())).catch((error: unknown) => {
      throw new SpecUnreadable(`The block ${cid} is not in ${this.#directory}.`, { cause: error });
    });
    budget.left -= block.length;
    if (budget.left < 0) {
      throw new SpecUnreadable(`The content of ${cid} has more than ${SPEC_MAX} bytes.`);
    }
    if (cid.code !== 0x70) {
      parts.push(block);
      return;
    }
    for (const { Hash } of decode(block).Links) {
      await this.#collect(Hash, parts, budget);
    }
  }
}

/** Reads over the RPC of a kubo node. */
export class KuboReader implements SpecReader {
  readonly #url: string;

  /** @param url of the RPC, for example http://127.0.0.1:5001 */
  constructor(url: string) {
    this.#url = url;
  }

  async read(cid: string, signal?: AbortSignal): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let size = 0;
    const path = parse(cid);
    try {
      const client = create({ url: new URL("/api/v0", this.#url) });
      for await (const part of client.cat(path, { ...(signal && { signal }) })) {
        size += part.length;
        if (size > SPEC_MAX) {
          throw new SpecUnreadable(`The content of ${cid} has more than ${SPEC_MAX} bytes.`);
        }
        parts.push(part);
      }
    } catch (error) {
      if (error instanceof SpecUnreadable) {
        throw error;
      }
      const why = error instanceof Error ? error.message : String(error);
      throw new SpecUnreadable(`The IPFS node at ${this.#url} did not give ${cid}: ${why}`, { cause: error });
    }
    return verified(cid, Buffer.concat(parts));
  }
}

function parse(cid: string): CID {
  try {
    return CID.parse(cid);
  } catch (error) {
    throw new SpecUnreadable(`“${cid}” is no CID.`, { cause: error });
  }
}

async function verified(cid: string, content: Uint8Array): Promise<Uint8Array> {
  const actual = (await blocksOf(content)).cid.toString();
  if (actual !== cid) {
    throw new SpecUnreadable(`What was delivered for ${cid} is ${actual}: other content, or cut into other blocks.`);
  }
  return content;
}
