import type { PublicClient } from "viem";
import { Emitter, type Unsubscribe } from "../../emitter";
import { isAbort } from "../../sidecar/api-error";
import { Backoff, delay } from "../../wait";
import { rpcHost } from "../chain";
import { requireChain, requireContracts } from "../checks";
import { MarketError, toMarketError } from "../errors";
import type { MarketStatus } from "../market-client";
import type { MarketNetwork } from "../network";
import { type Head, latestHead, readHead } from "./head";
import { listenToHeads } from "./head-feed";
import type { Synchronizer } from "./synchronizer";

/** Milliseconds between questions for the last block: without a websocket, and in case that one has gone silent. */
const POLL = 4_000;
const DEVNET_POLL = 1_000;
const SAFETY_POLL = 60_000;
/** Milliseconds until a setting that is wrong is tried again: the chain may be another one by then. */
const RETRY_SETTING = 15_000;
/** So many blocks that wait are read as a range rather than one by one. */
const FEW_HEADS = 4;

/** Keeps the store at the chain's last block until it is stopped, whatever the RPC does. */
export class Watcher {
  readonly #network: MarketNetwork;
  readonly #chain: PublicClient;
  readonly #sync: Synchronizer;
  readonly #statuses = new Emitter<MarketStatus>();
  readonly #stop = new AbortController();
  readonly #backoff: Backoff;
  #status: MarketStatus = { kind: "stopped" };
  #running: Promise<void> | undefined;
  /** The store was read anew because of events that did not fit; once is enough. */
  #readAnew = false;

  constructor(network: MarketNetwork, chain: PublicClient, sync: Synchronizer, backoff = new Backoff(500, 30_000)) {
    this.#network = network;
    this.#chain = chain;
    this.#sync = sync;
    this.#backoff = backoff;
  }

  get status(): MarketStatus {
    return this.#status;
  }

  onStatus(listener: (status: MarketStatus) => void): Unsubscribe {
    return this.#statuses.on(listener);
  }

  start(): void {
    this.#running ??= this.#run(this.#stop.signal);
  }

  /** Ends at once; a step that is being taken is finished. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#say({ kind: "stopped" });
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        this.#say({ kind: "connecting" });
        await requireChain(this.#network, this.#chain);
        await requireContracts(this.#network, this.#chain);
        await this.#session(signal);
      } catch (error) {
        await this.#rest(error, signal).catch(() => {});
      }
    }
  }

  /** Says what is in the way, and waits before the next attempt. */
  async #rest(error: unknown, signal: AbortSignal): Promise<void> {
    if (signal.aborted || isAbort(error)) {
      return;
    }
    const translated = toMarketError(error, rpcHost(this.#network), this.#network.currency);
    const code = translated instanceof MarketError ? translated.code : undefined;
    if (code === "wrong-chain" || code === "wrong-contract") {
      this.#say({ kind: "failed", reason: translated.message });
      await delay(RETRY_SETTING, signal);
      return;
    }
    if (code === "rpc-lied" && !this.#readAnew) {
      // What is known may be what is wrong: a chain that was made anew on the same machine, a file of another time.
      this.#readAnew = true;
      this.#sync.reset();
    }
    const asked = translated instanceof MarketError ? translated.details.retryAfter : undefined;
    const pause = Math.max(asked ?? 0, this.#backoff.next());
    this.#say({ kind: "waiting", reason: translated.message, retryAt: Date.now() + pause });
    await delay(pause, signal);
  }

  /** Follows the chain until something goes wrong; throws it. */
  async #session(signal: AbortSignal): Promise<void> {
    const heads = new HeadQueue();
    const { wsUrl } = this.#network;
    const close =
      wsUrl === undefined
        ? undefined
        : listenToHeads(wsUrl, {
            onHead: (header) => heads.push(header),
            // Blocks until now are asked for once the later ones are told.
            onOpen: () => heads.push("latest"),
            onEnd: (error) => heads.fail(error),
          });
    if (wsUrl === undefined) {
      heads.push("latest");
    }
    const poll = wsUrl !== undefined ? SAFETY_POLL : this.#network.isDevnet ? DEVNET_POLL : POLL;
    try {
      for (;;) {
        const header = await heads.next(poll, signal);
        const head = header === "latest" ? await latestHead(this.#chain) : readHead(header);
        await this.#follow(head, signal);
      }
    } finally {
      close?.();
    }
  }

  async #follow(head: Head, signal: AbortSignal): Promise<void> {
    await this.#sync.follow(head, (from, at, to) => this.#say({ kind: "catching-up", from, at, to }), signal);
    this.#backoff.reset();
    this.#readAnew = false;
    this.#say({ kind: "live", block: head.number });
  }

  #say(status: MarketStatus): void {
    this.#status = status;
    this.#statuses.emit(status);
  }
}

/** Headers that wait to be followed; "latest" stands for asking for the last block. */
class HeadQueue {
  #waiting: unknown[] = [];
  #failure: Error | undefined;
  #wake: () => void = () => {};

  push(header: unknown): void {
    this.#waiting.push(header);
    if (this.#waiting.length > FEW_HEADS) {
      this.#waiting = this.#waiting.slice(-1);
    }
    this.#wake();
  }

  fail(error: Error): void {
    this.#failure = error;
    this.#wake();
  }

  /** The next header, or "latest" when there is none for so many milliseconds. @throws what it failed with, the signal's `AbortError` */
  async next(patience: number, signal: AbortSignal): Promise<unknown> {
    if (this.#waiting.length === 0 && this.#failure === undefined) {
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      await delay(patience, AbortSignal.any([woken.signal, signal])).catch(() => {});
      this.#wake = () => {};
    }
    signal.throwIfAborted();
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
    return this.#waiting.shift() ?? "latest";
  }
}
