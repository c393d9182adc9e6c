import type { LogQuery, LogSource, Replica, ReplicaListing } from "./log-source";

/** Something that a reader of a log gets: bytes, the end of the stream, or a failure. */
type Item = Buffer | "end" | Error;

/** An engine whose containers write what a test tells them. It keeps the lines, and repeats them to a reader that asks. */
export class FakeLogs implements LogSource {
  /** What was asked for, in order. */
  readonly queries: LogQuery[] = [];
  readonly #listeners = new Set<(listing: ReplicaListing) => void>();
  readonly #readers = new Map<string, Set<(item: Item) => void>>();
  readonly #kept = new Map<string, { timeMs: number; json: string }[]>();
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

  /** Sends records to those who read now; they are not kept. */
  write(containerId: string, records: string | Buffer): void {
    this.#send(containerId, typeof records === "string" ? Buffer.from(records) : records);
  }

  /** Writes a line and keeps it, with the time that it bears. */
  keep(containerId: string, text: string, timeMs: number): void {
    const json = record(text, { timeMs });
    const kept = this.#kept.get(containerId) ?? [];
    kept.push({ timeMs, json });
    this.#kept.set(containerId, kept);
    this.#send(containerId, Buffer.from(json));
  }

  /** Breaks the connection of everybody who reads this container's log. */
  disconnect(containerId: string, reason: string): void {
    this.#send(containerId, new Error(reason));
  }

  watchReplicas(_target: unknown, listener: (listing: ReplicaListing) => void): () => void {
    this.#listeners.add(listener);
    listener(this.#listing);
    return () => this.#listeners.delete(listener);
  }

  openLog(containerId: string, query: LogQuery, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    this.queries.push(query);
    const sinceMs = Math.floor((query.sinceMs ?? 0) / 1_000) * 1_000;
    const kept = (this.#kept.get(containerId) ?? []).filter(({ timeMs }) => timeMs >= sinceMs);
    const tail = query.tail === undefined ? kept : kept.slice(-query.tail);
    const waiting: Item[] = [Buffer.from(tail.map(({ json }) => json).join(""))];
    let wake: (() => void) | undefined;
    const reader = (item: Item): void => {
      waiting.push(item);
      wake?.();
    };
    if (query.follow) {
      const readers = this.#readers.get(containerId) ?? new Set();
      this.#readers.set(containerId, readers.add(reader));
      signal.addEventListener("abort", () => reader("end"));
    } else {
      waiting.push("end");
    }
    const readers = this.#readers.get(containerId);
    const stream = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          const item = waiting.shift();
          if (item === undefined) {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          } else if (item === "end") {
            return;
          } else if (item instanceof Error) {
            throw item;
          } else {
            yield item;
          }
        }
      } finally {
        readers?.delete(reader);
      }
    };
    return Promise.resolve(stream());
  }

  #send(containerId: string, item: Item): void {
    for (const reader of this.#readers.get(containerId) ?? []) {
      reader(item);
    }
  }
}

/** A log record as the engine sends it. */
export function record(text: string, options: { timeMs?: number; stderr?: boolean } = {}): string {
  const timestamp = new Date(options.timeMs ?? Date.now()).toISOString();
  return `${JSON.stringify({ stream: options.stderr === true ? "stderr" : "stdout", timestamp, data: `${text}\n` })}\n`;
}
