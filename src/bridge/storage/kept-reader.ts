import { EmbeddedPublisher } from "./embedded-publisher";
import { EmbeddedReader, type SpecReader } from "./spec-reader";

/** Keeps what it has read in a directory, so that it can be read again when its source is gone. */
export class KeptReader implements SpecReader {
  readonly #source: SpecReader;
  readonly #kept: EmbeddedReader;
  readonly #keeper: EmbeddedPublisher;

  constructor(source: SpecReader, directory: string) {
    this.#source = source;
    this.#kept = new EmbeddedReader(directory);
    this.#keeper = new EmbeddedPublisher(directory);
  }

  async read(cid: string, signal?: AbortSignal): Promise<Uint8Array> {
    // Damaged or not there: the source has it.
    const kept = await this.#kept.read(cid).catch(() => undefined);
    if (kept !== undefined) {
      return kept;
    }
    const content = await this.#source.read(cid, signal);
    await this.#keeper.publish(content);
    return content;
  }
}
