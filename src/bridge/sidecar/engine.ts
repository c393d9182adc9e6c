import { Emitter, type Unsubscribe } from "../emitter";
import { Backoff, delay } from "../wait";
import { isAbort } from "./api-error";
import { type Capabilities, discover } from "./capabilities";
import { ZLayerClient } from "./client";
import type { Endpoint } from "./endpoint";
import { observe } from "./observe";
import { ObservedState } from "./state";
import type { SidecarSupervisor } from "./supervisor";

/** Where the connection to the engine stands. */
export type EngineStatus =
  /** No sidecar answers, and nobody has asked for one. */
  | { readonly kind: "off" }
  | { readonly kind: "connecting" }
  | { readonly kind: "connected"; readonly client: ZLayerClient; readonly capabilities: Capabilities }
  /** It was connected, or should be; the next attempt follows by itself. */
  | { readonly kind: "lost"; readonly error: Error }
  /** It cannot be started or reached, and nothing further is tried until `connect` is called. */
  | { readonly kind: "failed"; readonly error: Error };

export type Connected = Extract<EngineStatus, { kind: "connected" }>;

/** How the engine is reached: a sidecar that may be started, or a daemon that somebody else runs. */
export type EngineSource =
  | { readonly kind: "sidecar"; readonly supervisor: SidecarSupervisor }
  | { readonly kind: "daemon"; readonly endpoint: Endpoint };

/** A connection that held this long counts as good: the next pause is short again. In milliseconds. */
const STEADY_MS = 30_000;

/**
 * The connection of one window to its engine. Once connected it stays so: when the connection breaks, or the sidecar
 * dies, it is made again, with growing pauses, and the sidecar is started again.
 */
export class Engine {
  readonly state = new ObservedState();
  readonly #source: EngineSource;
  readonly #log: (line: string) => void;
  readonly #statuses = new Emitter<EngineStatus>();
  readonly #disposed = new AbortController();
  #status: EngineStatus = { kind: "off" };
  #running: Promise<void> | undefined;
  #retryNow: () => void = () => {};

  constructor(source: EngineSource, log: (line: string) => void) {
    this.#source = source;
    this.#log = log;
  }

  get status(): EngineStatus {
    return this.#status;
  }

  onStatus(listener: (status: EngineStatus) => void): Unsubscribe {
    return this.#statuses.on(listener);
  }

  /** Connects if an engine answers already; starts nothing. */
  async attach(): Promise<void> {
    const answers =
      this.#source.kind === "daemon" ||
      (await this.#source.supervisor.isReady(this.#disposed.signal).catch(() => false));
    if (answers && !this.#disposed.signal.aborted) {
      this.#run();
    }
  }

  /**
   * Resolves once connected, starting the sidecar when none runs.
   *
   * @throws what made the attempt fail; an `AbortError` when aborted or disposed
   */
  connect(signal?: AbortSignal): Promise<Connected> {
    if (this.#status.kind === "connected") {
      return Promise.resolve(this.#status);
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        stop();
        signal?.removeEventListener("abort", onAbort);
        this.#disposed.signal.removeEventListener("abort", onAbort);
      };
      const onAbort = (): void => {
        leave();
        reject(new DOMException("The connection was cancelled.", "AbortError"));
      };
      const stop = this.#statuses.on((status) => {
        if (status.kind === "connected") {
          leave();
          resolve(status);
        } else if (status.kind === "failed" || status.kind === "lost") {
          leave();
          reject(status.error);
        }
      });
      signal?.addEventListener("abort", onAbort);
      this.#disposed.signal.addEventListener("abort", onAbort);
      if (signal?.aborted || this.#disposed.signal.aborted) {
        onAbort();
        return;
      }
      this.#run();
      this.#retryNow();
    });
  }

  /** Lets go of the connection. What runs goes on running. */
  dispose(): void {
    this.#disposed.abort();
    this.#statuses.clear();
  }

  #run(): void {
    this.#running ??= this.#loop()
      .catch((error: unknown) => {
        if (!this.#disposed.signal.aborted) {
          this.#set({ kind: "failed", error: asError(error) });
        }
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  /** Ends by throwing: when disposed, or when the first attempt fails. */
  async #loop(): Promise<never> {
    const backoff = new Backoff();
    let everConnected = false;
    for (;;) {
      const since = Date.now();
      try {
        this.#set({ kind: "connecting" });
        const { client, capabilities } = await this.#reach();
        everConnected = true;
        this.#set({ kind: "connected", client, capabilities });
        await observe(client, capabilities, this.state, this.#disposed.signal);
      } catch (error) {
        if (this.#disposed.signal.aborted || (!everConnected && this.#source.kind === "sidecar")) {
          throw error;
        }
        if (!isAbort(error)) {
          this.#log(`The connection to the engine broke: ${asError(error).message}`);
        }
        if (Date.now() - since > STEADY_MS) {
          backoff.reset();
        }
        this.#set({ kind: "lost", error: asError(error) });
      }
      await this.#pause(backoff.next());
    }
  }

  async #reach(): Promise<{ client: ZLayerClient; capabilities: Capabilities }> {
    const { signal } = this.#disposed;
    if (this.#source.kind === "sidecar") {
      await this.#source.supervisor.ensure(signal);
    }
    const client =
      this.#source.kind === "sidecar" ? this.#source.supervisor.client : new ZLayerClient(this.#source.endpoint);
    return { client, capabilities: await discover(client, { signal }) };
  }

  async #pause(ms: number): Promise<void> {
    const woken = new AbortController();
    this.#retryNow = () => woken.abort();
    await delay(ms, AbortSignal.any([woken.signal, this.#disposed.signal])).catch(() => undefined);
    this.#retryNow = () => {};
    this.#disposed.signal.throwIfAborted();
  }

  #set(status: EngineStatus): void {
    this.#status = status;
    this.#statuses.emit(status);
  }
}

function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}
