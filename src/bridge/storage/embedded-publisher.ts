import { access, mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Published, PublishFailed, requireSpecSize, type SpecPublisher } from "./spec-publisher";
import { blocksOf } from "./unixfs";

/** Keeps specs in a directory of the extension, for when there is no IPFS node. Nobody else can fetch from there. */
export class EmbeddedPublisher implements SpecPublisher {
  readonly place = "On this machine only; set zlayer.ipfs.api to publish it";
  readonly reachable = false;
  readonly #directory: string;

  /** @param directory is made when it is first needed; a file a block, named by its CID */
  constructor(directory: string) {
    this.#directory = directory;
  }

  async publish(content: Uint8Array): Promise<Published> {
    requireSpecSize(content);
    const { cid, blocks } = await blocksOf(content);
    try {
      await mkdir(this.#directory, { recursive: true });
      for (const [name, block] of blocks) {
        const file = join(this.#directory, name);
        // A crash leaves no half block under a name that promises its content.
        const temporary = `${file}.${process.pid}.tmp`;
        await writeFile(temporary, block);
        await rename(temporary, file);
      }
    } catch (error) {
      throw new PublishFailed(`The spec could not be kept in ${this.#directory}: ${reasonOf(error)}.`, {
        cause: error,
      });
    }
    return { cid: cid.toString(), size: content.length };
  }

  async isPinned(cid: string): Promise<boolean> {
    // Only names of blocks: what comes from the chain must not walk through directories.
    if (!/^b[a-z2-7]{10,100}$/.test(cid)) {
      return false;
    }
    return access(join(this.#directory, cid)).then(
      () => true,
      () => false,
    );
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
