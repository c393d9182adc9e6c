import {
  type AppendRows,
  type LogConnection,
  type LogOptions,
  type LogReplica,
  type LogTarget,
  RowKind,
} from "../../protocol/webview-logs";
import { pickReplicaColor } from "../replica-color";
import { LogRing, type LogRow, skippedRow } from "./log-ring";
import { type LogQuery, type LogSource, type Replica, type ReplicaListing, replicaName } from "./log-source";
import { type FollowedLine, ReplicaFollower } from "./replica-follower";

/** How often rows are made from what arrived, in milliseconds. */
const TICK_MS = 50;
/** Lines parsed in one tick, over all replicas: the work that a flood may cost the extension host. */
const LINES_PER_TICK = 2_000;
/** Longest text of a row; the rest of a longer line is only in the file. */
const ROW_CHARS = 8_192;
const RING_CHARS = 32 * 1024 * 1024;
const QUEUE_BYTES = 16 * 1024 * 1024;
/** Rows of one message: what one tick makes, or more while a pane that was just opened catches up. */
const BATCH_ROWS = 2_000;
const CATCH_UP_ROWS = 10_000;
const BATCH_CHARS = 1024 * 1024;

export interface LogStatus {
  readonly connection: LogConnection;
  /** For the user; empty when all is well. */
  readonly message: string;
}

export interface LogSessionEvents {
  /** New rows are there. */
  onRows(): void;
  onReplicas(): void;
  onStatus(): void;
}

/** How far a reader of a session has come. */
export interface LogCursor {
  /** Number of the row it gets next. */
  next: number;
  /** Lines that it got, or that left before it could get them. */
  lines: number;
}

interface Entry {
  readonly replica: Replica;
  readonly index: number;
  readonly color: number;
  follower: ReplicaFollower;
  removed: boolean;
}

/**
 * The logs of a target: follows each of its replicas, those that come later too, and keeps the newest rows. The work per
 * unit of time is bounded whatever the containers write; what exceeds it becomes a row that says how many lines it stands for.
 */
export class LogSession {
  readonly target: LogTarget;
  /** Rows that are kept. */
  readonly capacity: number;
  readonly #source: LogSource;
  readonly #events: LogSessionEvents;
  readonly #ring: LogRing;
  readonly #entries = new Map<string, Entry>();
  readonly #unwatch: () => void;
  #options: LogOptions;
  #unreachable: string | undefined;
  #listed = false;
  #tick: NodeJS.Timeout | undefined;
  #disposed = false;

  constructor(source: LogSource, target: LogTarget, options: LogOptions, capacity: number, events: LogSessionEvents) {
    this.target = target;
    this.#source = source;
    this.#options = options;
    this.capacity = capacity;
    this.#events = events;
    this.#ring = new LogRing({ rows: capacity, chars: RING_CHARS });
    this.#unwatch = source.watchReplicas(target, (listing) => this.#onListing(listing));
  }

  get options(): LogOptions {
    return this.#options;
  }

  /** Every replica that was seen, in the order of `LogReplica.index`. */
  get replicas(): LogReplica[] {
    return [...this.#entries.values()].map(({ replica, index, color, follower, removed }) => {
      const { kind } = follower.state;
      return { index, color, name: replicaName(replica), state: removed || kind === "stopped" ? "removed" : kind };
    });
  }

  /** Containers whose lines are wanted now. */
  get current(): Replica[] {
    return [...this.#entries.values()].filter((entry) => !entry.removed).map((entry) => entry.replica);
  }

  get status(): LogStatus {
    if (this.#unreachable !== undefined) {
      return { connection: "lost", message: this.#unreachable };
    }
    if (!this.#listed) {
      return { connection: "connecting", message: "Connecting to the engine…" };
    }
    const states = [...this.#entries.values()].filter((entry) => !entry.removed).map((entry) => entry.follower.state);
    if (states.length === 0) {
      return { connection: "waiting", message: `Waiting for a container of ${targetTitle(this.target)} to start…` };
    }
    const retrying = states.find((state) => state.kind === "retrying");
    if (retrying !== undefined) {
      return { connection: "lost", message: retrying.reason };
    }
    return states.every((state) => state.kind === "connecting")
      ? { connection: "connecting", message: "Opening the log…" }
      : { connection: "live", message: "" };
  }

  /** Starts to read at the oldest row that is kept. */
  cursor(): LogCursor {
    return { next: this.#ring.first, lines: this.#ring.evictedLines };
  }

  /** The next rows after `cursor`, which moves on; `undefined` when there are none yet. */
  read(cursor: LogCursor): AppendRows | undefined {
    const first = Math.max(cursor.next, this.#ring.first);
    const behind = this.#ring.end - first;
    const rows = this.#ring.slice(first, behind > CATCH_UP_ROWS ? CATCH_UP_ROWS : BATCH_ROWS, BATCH_CHARS);
    if (rows.length === 0) {
      return undefined;
    }
    const missed = first > cursor.next ? this.#ring.evictedLines - cursor.lines : 0;
    cursor.next = first + rows.length;
    cursor.lines += rows.reduce((sum, row) => sum + row.weight, missed);
    return {
      type: "append",
      missed,
      kinds: rows.map((row) => row.kind),
      replicas: rows.map((row) => row.replica),
      times: rows.map((row) => row.timeMs),
      texts: rows.map((row) => row.text),
      weights: rows.map((row) => row.weight),
    };
  }

  /** Lines that came and that `cursor` has not passed yet. */
  behind(cursor: LogCursor): number {
    return this.#ring.totalLines - cursor.lines;
  }

  /** Forgets all rows and reads the logs anew. */
  setOptions(options: LogOptions): void {
    this.#options = options;
    this.#ring.clear();
    for (const [id, entry] of this.#entries) {
      entry.follower.stop();
      if (entry.removed) {
        this.#entries.delete(id);
      } else {
        entry.follower = this.#follow(entry.replica);
      }
    }
    this.#events.onReplicas();
    this.#events.onStatus();
  }

  /** Forgets all rows; new lines go on. */
  clear(): void {
    this.#ring.clear();
  }

  dispose(): void {
    this.#disposed = true;
    this.#unwatch();
    clearTimeout(this.#tick);
    for (const { follower } of this.#entries.values()) {
      follower.stop();
    }
  }

  #onListing(listing: ReplicaListing): void {
    if (this.#disposed) {
      return;
    }
    if (listing.kind === "unreachable") {
      this.#unreachable = listing.reason;
      this.#events.onStatus();
      return;
    }
    const announce = this.#entries.size > 0;
    this.#listed = true;
    this.#unreachable = undefined;
    const present = new Set(listing.replicas.map((replica) => replica.id));
    for (const entry of this.#entries.values()) {
      if (!present.has(entry.replica.id) && !entry.removed) {
        // What has arrived of its last lines is shown before the notice.
        this.#drain(entry);
        entry.removed = true;
        entry.follower.stop();
        this.#notice(entry.index, `${replicaName(entry.replica)} was removed`);
      }
    }
    const sorted = [...listing.replicas].sort((a, b) => a.service.localeCompare(b.service) || a.index - b.index);
    for (const replica of sorted) {
      const known = this.#entries.get(replica.id);
      if (known === undefined) {
        this.#add(replica, announce);
      } else if (known.removed) {
        known.removed = false;
        known.follower = this.#follow(replica);
      }
    }
    this.#events.onReplicas();
    this.#events.onStatus();
  }

  #add(replica: Replica, announce: boolean): void {
    const taken = new Set([...this.#entries.values()].filter((entry) => !entry.removed).map((entry) => entry.color));
    const index = this.#entries.size;
    const entry = { replica, index, color: pickReplicaColor(replica.service, replica.index, taken), removed: false };
    this.#entries.set(replica.id, { ...entry, follower: this.#follow(replica) });
    if (announce) {
      this.#notice(index, `${replicaName(replica)} was added`);
    }
  }

  #follow(replica: Replica): ReplicaFollower {
    const limits = { lines: this.capacity, bytes: QUEUE_BYTES };
    const follower = new ReplicaFollower(this.#source, replica, toQuery(this.#options, this.capacity), limits, {
      onData: () => this.#wake(),
      onState: () => {
        if (!this.#disposed) {
          this.#events.onReplicas();
          this.#events.onStatus();
        }
      },
    });
    // Its first state change may come before the entry that holds it exists, were it started here and now.
    queueMicrotask(() => follower.start());
    return follower;
  }

  #notice(replica: number, text: string): void {
    this.#ring.push({ kind: RowKind.Notice, replica, timeMs: Date.now(), text, weight: 0 });
    this.#events.onRows();
  }

  #wake(): void {
    if (this.#tick === undefined && !this.#disposed) {
      this.#tick = setTimeout(() => {
        this.#tick = undefined;
        this.#makeRows();
      }, TICK_MS);
    }
  }

  #makeRows(): void {
    const waiting = [...this.#entries.values()].filter(({ follower }) => follower.waiting > 0);
    if (waiting.length === 0) {
      return;
    }
    const share = Math.max(1, Math.floor(LINES_PER_TICK / waiting.length));
    const rows: LogRow[] = [];
    for (const entry of waiting) {
      const dropped = entry.follower.takeDropped();
      if (dropped > 0) {
        this.#ring.push(skippedRow(entry.index, dropped));
      }
      for (const line of entry.follower.take(share)) {
        rows.push(toRow(line, entry));
      }
    }
    if (waiting.length > 1) {
      // Lines that arrived together are shown in the order in which they were written.
      rows.sort((a, b) => a.timeMs - b.timeMs);
    }
    for (const row of rows) {
      this.#ring.push(row);
    }
    this.#events.onRows();
    if (waiting.some(({ follower }) => follower.waiting > 0)) {
      this.#wake();
    }
  }

  #drain(entry: Entry): void {
    const { follower, index } = entry;
    const dropped = follower.takeDropped();
    if (dropped > 0) {
      this.#ring.push(skippedRow(index, dropped));
    }
    for (const line of follower.take(LINES_PER_TICK)) {
      this.#ring.push(toRow(line, entry));
    }
    if (follower.waiting > 0) {
      this.#ring.push(skippedRow(index, follower.waiting));
    }
  }
}

/** `shop`, `shop/web`, `shop/web (4f1c…)`: what the user reads for a target. */
export function targetTitle({ deployment, service, replica }: LogTarget): string {
  const name = service === undefined ? deployment : `${deployment}/${service}`;
  if (replica === undefined) {
    return name;
  }
  return `${name} (${replica.length > 24 ? `${replica.slice(0, 12)}…` : replica})`;
}

/** The earliest time that `options` ask for, in milliseconds since the Unix epoch. */
export function sinceMs(options: LogOptions, nowMs: number): number | undefined {
  switch (options.since.kind) {
    case "all":
      return undefined;
    case "ago":
      return nowMs - options.since.seconds * 1000;
    case "at":
      return options.since.timeMs;
  }
}

function toQuery(options: LogOptions, capacity: number): Omit<LogQuery, "follow"> {
  const since = sinceMs(options, Date.now());
  const tail = Math.min(options.tail ?? capacity, capacity);
  return { tail, streams: options.streams, ...(since === undefined ? {} : { sinceMs: since }) };
}

function toRow(line: FollowedLine, entry: Entry): LogRow {
  const { text } = line;
  const replica = entry.index;
  if (line.isNotice) {
    return {
      kind: RowKind.Notice,
      replica,
      timeMs: line.timeMs,
      text: `${replicaName(entry.replica)}: ${text.slice(0, ROW_CHARS)}`,
      weight: 0,
    };
  }
  const cut = text.length - ROW_CHARS;
  return {
    kind: line.stderr ? RowKind.Stderr : RowKind.Stdout,
    replica,
    timeMs: line.timeMs,
    text:
      cut > 0 ? `${text.slice(0, ROW_CHARS)}… (${cut.toLocaleString("en-US")} more characters in the log file)` : text,
    weight: 1,
  };
}
