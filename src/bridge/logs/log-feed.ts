import type { LogOptions, LogsHostMessage, LogsViewMessage, LogTarget } from "../../protocol/webview-logs";
import { type LogCursor, LogSession, targetTitle } from "./log-session";
import type { LogSource } from "./log-source";

/** Shortest time between two batches of rows, and between two reports of the state, in milliseconds. */
const BATCH_MS = 50;
const STATUS_MS = 250;

/** What a log pane is fed from. */
export interface LogFeedRequest {
  readonly source: LogSource;
  readonly target: LogTarget;
  readonly options: LogOptions;
  /** Rows that the host and the pane each keep. */
  readonly capacity: number;
}

/**
 * Host side of a log pane's conversation. The pane asks for each batch of rows, so it is never sent more than it can show; a
 * pane that is hidden or paused costs nothing but the rows that are kept for it.
 */
export class LogFeed {
  readonly session: LogSession;
  readonly #post: (message: LogsHostMessage) => void;
  /** What the pane got so far. */
  #cursor: LogCursor;
  #wanted = false;
  #lastBatchAt = 0;
  #batchTimer: NodeJS.Timeout | undefined;
  #statusTimer: NodeJS.Timeout | undefined;

  constructor({ source, target, options, capacity }: LogFeedRequest, post: (message: LogsHostMessage) => void) {
    this.#post = post;
    this.session = new LogSession(source, target, options, capacity, {
      onRows: () => {
        this.#sendRows();
        this.#sendStatusSoon();
      },
      onReplicas: () => this.#sendStatusSoon(),
      onStatus: () => this.#sendStatusSoon(),
    });
    this.#cursor = this.session.cursor();
  }

  onMessage(message: Exclude<LogsViewMessage, { type: "save" | "problem" }>): void {
    const { session } = this;
    switch (message.type) {
      case "ready":
        this.#cursor = session.cursor();
        this.#wanted = false;
        this.#post({
          type: "init",
          target: session.target,
          title: targetTitle(session.target),
          capacity: session.capacity,
          options: session.options,
        });
        this.#sendStatus();
        break;
      case "more":
        this.#wanted = true;
        this.#sendRows();
        break;
      case "options":
        session.setOptions(message.options);
        this.#restart();
        break;
      case "clear":
        session.clear();
        this.#restart();
        break;
    }
  }

  dispose(): void {
    this.session.dispose();
    clearTimeout(this.#batchTimer);
    clearTimeout(this.#statusTimer);
  }

  /** The session forgot its rows: so does the pane. */
  #restart(): void {
    this.#cursor = this.session.cursor();
    this.#post({ type: "reset" });
    this.#sendStatus();
  }

  #sendRows(): void {
    if (!this.#wanted || this.#batchTimer !== undefined) {
      return;
    }
    const wait = this.#lastBatchAt + BATCH_MS - Date.now();
    if (wait > 0) {
      this.#batchTimer = setTimeout(() => {
        this.#batchTimer = undefined;
        this.#sendRows();
      }, wait);
      return;
    }
    const batch = this.session.read(this.#cursor);
    if (batch !== undefined) {
      this.#wanted = false;
      this.#lastBatchAt = Date.now();
      this.#post(batch);
    }
  }

  #sendStatusSoon(): void {
    this.#statusTimer ??= setTimeout(() => {
      this.#statusTimer = undefined;
      this.#sendStatus();
    }, STATUS_MS);
  }

  #sendStatus(): void {
    this.#post({ type: "replicas", replicas: this.session.replicas });
    this.#post({ type: "status", ...this.session.status, behind: this.session.behind(this.#cursor) });
  }
}
