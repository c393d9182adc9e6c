import { ApiError } from "../sidecar/api-error";
import { Backoff, delay } from "../wait";
import { LineQueue, type LineQueueLimits } from "./line-queue";
import { compareTimestamps, type LogLine, parseLogRecord } from "./log-line";
import type { LogQuery, LogSource, Replica } from "./log-source";

export type FollowerState =
  /** Also while the container does not exist yet. */
  | { readonly kind: "connecting" }
  | { readonly kind: "following" }
  /** The stream broke or could not be opened; another try follows. */
  | { readonly kind: "retrying"; readonly reason: string }
  | { readonly kind: "stopped" };

/** A line of the container, or what the engine says about its log ("lines are missing here"). */
export interface FollowedLine extends LogLine {
  readonly isNotice: boolean;
}

export interface FollowerEvents {
  /** Lines wait to be taken. */
  onData(): void;
  onState(state: FollowerState): void;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;

/**
 * Follows the log of one container until it is stopped. When the connection breaks it goes on at the line after the last one
 * that was taken: the engine is asked from that line's second on, and what was taken already is left out.
 */
export class ReplicaFollower {
  readonly replica: Replica;
  readonly #source: LogSource;
  readonly #query: Omit<LogQuery, "follow">;
  readonly #events: FollowerEvents;
  readonly #queue: LineQueue;
  readonly #abort = new AbortController();
  #state: FollowerState = { kind: "connecting" };
  /** Wakes the follower when its queue is empty. */
  #whenEmpty: (() => void) | undefined;
  /** The newest time stamp that was taken, and how many lines bear it. */
  #last = { timestamp: "", lines: 0 };
  /** Set while a resumed stream repeats lines that were taken before it broke. */
  #repeat: { timestamp: string; lines: number } | undefined;

  constructor(
    source: LogSource,
    replica: Replica,
    query: Omit<LogQuery, "follow">,
    limits: LineQueueLimits,
    events: FollowerEvents,
  ) {
    this.#source = source;
    this.replica = replica;
    this.#query = query;
    this.#events = events;
    this.#queue = new LineQueue(limits);
  }

  get state(): FollowerState {
    return this.#state;
  }

  /** Complete lines that wait. */
  get waiting(): number {
    return this.#queue.lines;
  }

  start(): void {
    void this.#run();
  }

  /** Ends the connection. Lines that have arrived can still be taken. */
  stop(): void {
    this.#abort.abort();
    this.#whenEmpty?.();
  }

  /** Lines that were dropped since the last call because they came faster than they were taken. */
  takeDropped(): number {
    return this.#queue.takeDropped();
  }

  /** Removes and returns the oldest lines that wait, at most about `max`. */
  take(max: number): FollowedLine[] {
    const taken: FollowedLine[] = [];
    let timeMs = 0;
    for (const json of this.#queue.take(max)) {
      const record = parseLogRecord(json);
      if (record.kind === "error") {
        taken.push({ isNotice: true, stderr: false, timeMs, timestamp: "", text: record.message });
      } else if (record.kind === "lines") {
        for (const line of record.lines) {
          if (!this.#isRepeated(line)) {
            this.#remember(line);
            timeMs = line.timeMs;
            taken.push({ ...line, isNotice: false });
          }
        }
      }
    }
    if (this.#queue.lines === 0) {
      this.#whenEmpty?.();
    }
    return taken;
  }

  #remember(line: LogLine): void {
    if (line.timestamp === this.#last.timestamp) {
      this.#last.lines += 1;
    } else {
      this.#last = { timestamp: line.timestamp, lines: 1 };
    }
  }

  #isRepeated(line: LogLine): boolean {
    const repeat = this.#repeat;
    if (repeat === undefined) {
      return false;
    }
    const order = line.timestamp === "" ? 1 : compareTimestamps(line.timestamp, repeat.timestamp);
    if (order < 0) {
      return true;
    }
    if (order === 0 && repeat.lines > 0) {
      repeat.lines -= 1;
      return true;
    }
    this.#repeat = undefined;
    return false;
  }

  async #run(): Promise<void> {
    const signal = this.#abort.signal;
    const backoff = new Backoff(FIRST_RETRY_MS, LONGEST_RETRY_MS);
    while (!signal.aborted) {
      let reason = "the engine closed the stream";
      let exists = true;
      try {
        const stream = await this.#source.openLog(this.replica.id, this.#nextQuery(), signal);
        this.#setState({ kind: "following" });
        for await (const chunk of stream) {
          backoff.reset();
          this.#queue.push(chunk);
          this.#events.onData();
        }
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
        exists = !(error instanceof ApiError && error.status === 404);
      }
      if (signal.aborted) {
        break;
      }
      this.#setState(exists ? { kind: "retrying", reason } : { kind: "connecting" });
      await this.#emptied();
      await delay(backoff.next(), signal).catch(() => undefined);
    }
    this.#setState({ kind: "stopped" });
  }

  #nextQuery(): LogQuery {
    if (this.#last.timestamp === "") {
      return { ...this.#query, follow: true };
    }
    this.#repeat = { ...this.#last };
    return {
      streams: this.#query.streams,
      follow: true,
      sinceMs: Math.floor(Date.parse(this.#last.timestamp) / 1000) * 1000,
    };
  }

  /** Where to go on is known only when all that arrived has been taken. */
  async #emptied(): Promise<void> {
    if (this.#queue.lines > 0 && !this.#abort.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#whenEmpty = resolve;
      });
      this.#whenEmpty = undefined;
    }
  }

  #setState(state: FollowerState): void {
    this.#state = state;
    this.#events.onState(state);
  }
}
