/** A spec that was published. */
export interface Published {
  /** CIDv1 as text. */
  readonly cid: string;
  /** Bytes of content. */
  readonly size: number;
}

/** Something kept a spec from being published; the message is for the user and says what to do. */
export class PublishFailed extends Error {
  override readonly name = "PublishFailed";
}

/** Largest spec that is published, in bytes. */
export const SPEC_MAX = 1024 * 1024;

/** Puts a spec where the node that wins a job can fetch it, under an address that is made of its content. */
export interface SpecPublisher {
  /** Where specs go, for the user. */
  readonly place: string;
  /** Whether others can fetch from there; otherwise only jobs of a devnet may be posted. */
  readonly reachable: boolean;
  /**
   * Publishes and pins.
   *
   * @throws {PublishFailed}
   */
  publish(content: Uint8Array, signal?: AbortSignal): Promise<Published>;
  /**
   * Whether the content stays there: without a pin, an IPFS node forgets it.
   *
   * @throws {PublishFailed} when nobody can tell
   */
  isPinned(cid: string, signal?: AbortSignal): Promise<boolean>;
}

/** @throws {PublishFailed} for content that is no spec by its size */
export function requireSpecSize(content: Uint8Array): void {
  if (content.length === 0) {
    throw new PublishFailed("The spec is empty, so there is nothing to publish.");
  }
  if (content.length > SPEC_MAX) {
    throw new PublishFailed(`The spec has ${content.length} bytes; at most ${SPEC_MAX} are published.`);
  }
}
