import { create, type KuboRPCClient } from "kubo-rpc-client";
import { CID } from "multiformats/cid";
import { type Published, PublishFailed, requireSpecSize, type SpecPublisher } from "./spec-publisher";
import { blocksOf } from "./unixfs";

/** Milliseconds that an IPFS node has for an answer. */
const TIMEOUT = 20_000;

/** Publishes specs on the user's own IPFS node, over kubo's RPC. */
export class KuboPublisher implements SpecPublisher {
  readonly place: string;
  readonly reachable = true;
  readonly #url: string;
  readonly #client: KuboRPCClient;
  readonly #timeout: number;

  /**
   * @param url of the node's RPC, for example http://127.0.0.1:5001
   * @param timeout milliseconds
   * @throws {PublishFailed} for a text that is no such URL
   */
  constructor(url: string, timeout = TIMEOUT) {
    let parsed: URL;
    try {
      parsed = new URL(url);
    } catch (error) {
      throw new PublishFailed(
        `zlayer.ipfs.api is “${url}”, which is no URL. Write for example http://127.0.0.1:5001.`,
        {
          cause: error,
        },
      );
    }
    if (!["http:", "https:"].includes(parsed.protocol)) {
      throw new PublishFailed(`zlayer.ipfs.api must begin with http:// or https://, but is “${url}”.`);
    }
    this.#url = parsed.origin;
    this.#timeout = timeout;
    this.place = `On the IPFS node at ${parsed.host}, pinned`;
    this.#client = create({ url: new URL("/api/v0", parsed) });
  }

  async publish(content: Uint8Array, signal?: AbortSignal): Promise<Published> {
    requireSpecSize(content);
    const { cid } = await blocksOf(content);
    const added = await this.#ask(signal, (options) =>
      this.#client.add(content, { cidVersion: 1, rawLeaves: true, pin: true, ...options }),
    );
    // A node that names other content than it was given must not be believed.
    if (!added.cid.equals(cid)) {
      throw new PublishFailed(
        `The IPFS node at ${this.#url} answered with ${added.cid}, but the content is ${cid}. Check its import settings (Import.CidVersion, chunker, raw leaves).`,
      );
    }
    if (!(await this.isPinned(cid.toString(), signal))) {
      throw new PublishFailed(
        `The IPFS node at ${this.#url} took the spec but did not pin it, so it would forget it. Pin ${cid} there and try again.`,
      );
    }
    return { cid: cid.toString(), size: content.length };
  }

  async isPinned(cid: string, signal?: AbortSignal): Promise<boolean> {
    const path = CID.parse(cid);
    return this.#ask(signal, async (options) => {
      try {
        for await (const pin of this.#client.pin.ls({ paths: path, ...options })) {
          if (pin.cid.equals(path)) {
            return true;
          }
        }
        return false;
      } catch (error) {
        if (error instanceof Error && /is not pinned/.test(error.message)) {
          return false;
        }
        throw error;
      }
    });
  }

  /** The library's own time limit does not end a request whose answer never begins. */
  async #ask<T>(
    signal: AbortSignal | undefined,
    call: (options: { readonly signal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    const limit = AbortSignal.timeout(this.#timeout);
    const both = signal === undefined ? limit : AbortSignal.any([signal, limit]);
    const ended = new Promise<never>((_, reject) => {
      both.addEventListener("abort", () => reject(both.reason), { once: true });
    });
    try {
      return await Promise.race([call({ signal: both }), ended]);
    } catch (error) {
      throw signal?.aborted === true ? signal.reason : this.#failure(error, limit);
    }
  }

  #failure(error: unknown, limit: AbortSignal): PublishFailed {
    const reason = limit.aborted
      ? `there was no answer in ${this.#timeout} ms`
      : error instanceof Error
        ? error.message
        : String(error);
    return new PublishFailed(
      `The IPFS node at ${this.#url} did not do it: ${reason}. Start it, or correct zlayer.ipfs.api.`,
      { cause: error },
    );
  }
}
