import type { LogQuery, LogSource, Replica, ReplicaListing } from "../../src/bridge/logs/log-source";

/** Log streams that a test writes to. */
export class FakeLogs implements LogSource {
  readonly #listeners = new Set<(listing: ReplicaListing) => void>();
  readonly #readers = new Map<string, Set<(chunk: Buffer | undefined) => void>>();
  readonly queries: LogQuery[] = [];
  #listing: ReplicaListing = { kind: "known", replicas: [] };

  setReplicas(...replicas: Replica[]): void {
    this.setListing({ kind: "known", replicas });
  }

  setListing(listing: ReplicaListing): void {
    this.#listing = listing;
    for (const listener of this.#listeners) {
      listener(listing);
    }
  }

  write(containerId: string, chunk: Buffer): void {
    for (const reader of this.#readers.get(containerId) ?? []) {
      reader(chunk);
    }
  }

  watchReplicas(_target: unknown, listener: (listing: ReplicaListing) => void): () => void {
    this.#listeners.add(listener);
    queueMicrotask(() => listener(this.#listing));
    return () => this.#listeners.delete(listener);
  }

  openLog(containerId: string, query: LogQuery, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    this.queries.push(query);
    const waiting: Buffer[] = [];
    let wake: (() => void) | undefined;
    let ended = false;
    const readers = this.#readers.get(containerId) ?? new Set();
    this.#readers.set(containerId, readers);
    const reader = (chunk: Buffer | undefined): void => {
      if (chunk === undefined) {
        ended = true;
      } else {
        waiting.push(chunk);
      }
      wake?.();
    };
    readers.add(reader);
    signal.addEventListener("abort", () => reader(undefined));
    const stream = async function* (): AsyncGenerator<Uint8Array> {
      try {
        while (!ended) {
          const chunk = waiting.shift();
          if (chunk !== undefined) {
            yield chunk;
          } else {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        }
      } finally {
        readers.delete(reader);
      }
    };
    return Promise.resolve(stream());
  }
}

/** A log record as the engine sends it. */
export function record(text: string, options: { timeMs?: number; stderr?: boolean } = {}): string {
  const timestamp = new Date(options.timeMs ?? Date.now()).toISOString();
  return `${JSON.stringify({ stream: options.stderr === true ? "stderr" : "stdout", timestamp, data: `${text}\n` })}\n`;
}
