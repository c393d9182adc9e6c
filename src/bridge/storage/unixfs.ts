import { type ImporterOptions, importer, type WritableStorage } from "ipfs-unixfs-importer";
import { fixedSize } from "ipfs-unixfs-importer/chunker";
import { balanced } from "ipfs-unixfs-importer/layout";
import type { CID } from "multiformats/cid";

/** How kubo 0.43 adds a file with `--cid-version 1`: the same content gets the same CID here and there. */
const LIKE_KUBO: ImporterOptions = {
  cidVersion: 1,
  rawLeaves: true,
  chunker: fixedSize({ chunkSize: 262_144 }),
  layout: balanced({ maxChildrenPerNode: 174 }),
};

/**
 * Cuts a file into blocks.
 *
 * @returns the CID of the file, and each block by its CID
 */
export async function blocksOf(content: Uint8Array): Promise<{ cid: CID; blocks: Map<string, Uint8Array> }> {
  const blocks = new Map<string, Uint8Array>();
  const store: WritableStorage = {
    put: (cid, block) => {
      if (!(block instanceof Uint8Array)) {
        throw new TypeError("The importer gave a block in parts.");
      }
      blocks.set(cid.toString(), block);
      return cid;
    },
  };
  for await (const entry of importer([{ content }], store, LIKE_KUBO)) {
    return { cid: entry.cid, blocks };
  }
  throw new Error("The importer gave no file.");
}
