import { RowKind } from "../../protocol/webview-logs";

/** One row of a log pane. */
export interface LogRow {
  readonly kind: RowKind;
  /** Index of the replica; -1 when the row is about the whole pane. */
  readonly replica: number;
  /** Milliseconds since the Unix epoch; 0 when not known. */
  readonly timeMs: number;
  readonly text: string;
  /** How many lines the row stands for. */
  readonly weight: number;
}

export interface LogRingLimits {
  readonly rows: number;
  /** Sum of the lengths of all texts, in UTF-16 units. */
  readonly chars: number;
}

/** The newest rows of a log pane. Rows are numbered from 0 on; old rows leave when a limit is reached. */
export class LogRing {
  readonly #limits: LogRingLimits;
  readonly #rows: (LogRow | undefined)[];
  #first = 0;
  #end = 0;
  #chars = 0;
  /** Lines of all rows that ever left, and of all rows that ever came. */
  #evictedLines = 0;
  #totalLines = 0;

  constructor(limits: LogRingLimits) {
    this.#limits = limits;
    this.#rows = new Array<LogRow | undefined>(limits.rows);
  }

  /** Number of the oldest row that is still held. */
  get first(): number {
    return this.#first;
  }

  /** Number that the next row gets. */
  get end(): number {
    return this.#end;
  }

  /** Lines that came since the ring exists. */
  get totalLines(): number {
    return this.#totalLines;
  }

  /** Lines that came and left again. */
  get evictedLines(): number {
    return this.#evictedLines;
  }

  push(row: LogRow): void {
    while (
      this.#end - this.#first >= this.#limits.rows ||
      (this.#chars + row.text.length > this.#limits.chars && this.#end > this.#first)
    ) {
      this.#evict();
    }
    this.#rows[this.#end % this.#limits.rows] = row;
    this.#end += 1;
    this.#chars += row.text.length;
    this.#totalLines += row.weight;
  }

  at(sequence: number): LogRow | undefined {
    return sequence < this.#first || sequence >= this.#end ? undefined : this.#rows[sequence % this.#limits.rows];
  }

  /** Forgets all rows; numbers go on. */
  clear(): void {
    while (this.#first < this.#end) {
      this.#evict();
    }
  }

  /** Rows from `sequence` on, as many as the limits allow but at least one if there is any. */
  slice(sequence: number, maxRows: number, maxChars: number): LogRow[] {
    const rows: LogRow[] = [];
    let chars = 0;
    for (
      let at = Math.max(sequence, this.#first);
      at < this.#end && rows.length < maxRows && chars < maxChars;
      at += 1
    ) {
      const row = this.#rows[at % this.#limits.rows];
      if (row !== undefined) {
        chars += row.text.length;
        rows.push(row);
      }
    }
    return rows;
  }

  #evict(): void {
    const slot = this.#first % this.#limits.rows;
    const row = this.#rows[slot];
    this.#rows[slot] = undefined;
    this.#first += 1;
    this.#chars -= row?.text.length ?? 0;
    this.#evictedLines += row?.weight ?? 0;
  }
}

/** The row that stands for lines which are not shown. */
export function skippedRow(replica: number, lines: number): LogRow {
  const text = `${lines.toLocaleString("en-US")} ${lines === 1 ? "line not shown; it is" : "lines not shown; they are"} in the log file`;
  return { kind: RowKind.Skipped, replica, timeMs: 0, text, weight: lines };
}
