import type { MetricsContainer, MetricsHostMessage, MetricsTarget } from "../../protocol/webview-metrics";
import { targetTitle } from "../logs/log-session";
import { Backoff, delay } from "../wait";
import type { MetricsSource } from "./metrics-source";
import { HISTORY_MS, MetricsStore } from "./metrics-store";

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;
/** Points that arrive within this time, in milliseconds, are sent together. */
const COLLECT_MS = 200;
/** History is asked for twice: the whole hour coarsely, and its end as it was measured. */
const COARSE_STEP_MS = 5_000;
const FINE_MS = 600_000;

/** Host side of a metrics panel's conversation: reads the history, then follows the live values, and reconnects. */
export class MetricsFeed {
  readonly #source: MetricsSource;
  readonly #target: MetricsTarget;
  readonly #post: (message: MetricsHostMessage) => void;
  readonly #abort = new AbortController();
  readonly #store = new MetricsStore();
  #waiting: MetricsContainer[] = [];
  #timer: NodeJS.Timeout | undefined;
  #connected = false;
  /** Why there is no connection; empty while the first attempt runs. */
  #lost = "";

  constructor(source: MetricsSource, target: MetricsTarget, post: (message: MetricsHostMessage) => void) {
    this.#source = source;
    this.#target = target;
    this.#post = post;
    void this.#run();
  }

  /** The panel was (re)created and holds nothing. */
  ready(): void {
    this.#post({ type: "init", target: this.#target, title: targetTitle(this.#target) });
    this.#waiting = [];
    this.#post({ type: "history", containers: this.#store.all() });
    this.#sendStatus();
  }

  dispose(): void {
    this.#abort.abort();
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    const backoff = new Backoff(FIRST_RETRY_MS, LONGEST_RETRY_MS);
    while (!signal.aborted) {
      try {
        await this.#readHistory(signal);
        this.#connected = true;
        this.#lost = "";
        this.#sendStatus();
        for await (const container of this.#source.live(this.#target, signal)) {
          backoff.reset();
          const added = this.#store.add(container);
          if (added !== undefined) {
            this.#collect(added);
          }
        }
        this.#lost = "The engine ended the stream";
      } catch (error) {
        this.#lost = error instanceof Error ? error.message : String(error);
      }
      if (!signal.aborted) {
        this.#connected = false;
        this.#sendStatus();
        await delay(backoff.next(), signal).catch(() => undefined);
      }
    }
  }

  async #readHistory(signal: AbortSignal): Promise<void> {
    const now = Date.now();
    const coarse = await this.#source.history(this.#target, now - HISTORY_MS, COARSE_STEP_MS, signal);
    const fine = await this.#source.history(this.#target, now - FINE_MS, 1_000, signal);
    const firstFine = new Map(fine.map(({ id, samples }) => [id, samples[0]?.timeMs ?? Number.POSITIVE_INFINITY]));
    for (const container of coarse) {
      const until = firstFine.get(container.id) ?? Number.POSITIVE_INFINITY;
      // What the store has already, from before a reconnection, it ignores.
      this.#store.add({ ...container, samples: container.samples.filter(({ timeMs }) => timeMs < until) });
    }
    for (const container of fine) {
      this.#store.add(container);
    }
    this.#store.forgetOld(now);
    this.#waiting = [];
    this.#post({ type: "history", containers: this.#store.all() });
  }

  #collect(container: MetricsContainer): void {
    const first = this.#waiting.length === 0 && this.#store.size === 1;
    this.#waiting.push(container);
    if (first) {
      this.#sendStatus();
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#waiting.length > 0) {
        this.#post({ type: "points", containers: this.#waiting });
        this.#waiting = [];
        this.#sendStatus();
      }
    }, COLLECT_MS);
  }

  #sendStatus(): void {
    const title = targetTitle(this.#target);
    const { limitation } = this.#source;
    const state =
      this.#lost !== ""
        ? ({ connection: "lost", message: this.#lost.slice(0, 1_000) } as const)
        : !this.#connected
          ? ({ connection: "connecting", message: "Connecting to the engine…" } as const)
          : this.#store.size === 0
            ? ({ connection: "waiting", message: `Waiting for a container of ${title} to run…` } as const)
            : ({ connection: "live", message: "" } as const);
    this.#post({ type: "status", ...state, limitation });
  }
}
