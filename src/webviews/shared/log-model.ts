import { type AppendRows, RowKind } from "../../protocol/webview-logs";
import { plainText } from "./ansi";
import { type LogFilter, matchesFilter } from "./log-filter";

/** A row as the pane holds it. */
export interface LogRow {
  /** Counts up from 0; never used twice. */
  readonly sequence: number;
  readonly kind: RowKind;
  readonly replica: number;
  readonly timeMs: number;
  /** With escape sequences. */
  readonly text: string;
  /** Without. */
  readonly plain: string;
  /** How many lines the row stands for. */
  readonly weight: number;
}

/**
 * The rows of a log pane: the newest ones up to a capacity, those of them that pass the filter, and how tall each is. Heights
 * count in text lines; a row is one line tall, or several when long lines are wrapped.
 *
 * The heights come from arithmetic, not from measuring elements: the font has one width, so that 50,000 rows are laid out in
 * milliseconds and the position of each is known without it being in the page.
 */
export class LogModel {
  readonly #capacity: number;
  readonly #ring: (LogRow | undefined)[];
  #first = 0;
  #end = 0;
  #evictedLines = 0;
  #lines = 0;
  #filter: LogFilter = { kind: "all" };
  #columns = Number.POSITIVE_INFINITY;
  /** Sequence numbers of the rows that pass the filter, and the height of all rows up to and including each. */
  #shown: number[] = [];
  #bottoms: number[] = [];
  /** Entries before this one have left. */
  #head = 0;
  #matches = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#ring = new Array<LogRow | undefined>(capacity);
  }

  /** Rows that are held. */
  get size(): number {
    return this.#end - this.#first;
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** Oldest row that is held. */
  get first(): number {
    return this.#first;
  }

  /** Number that the next row gets. */
  get end(): number {
    return this.#end;
  }

  /** Log lines that are held, without those that were skipped. */
  get lines(): number {
    return this.#lines;
  }

  /** Lines that were held once, or skipped, and are older than all that are held. */
  get evictedLines(): number {
    return this.#evictedLines;
  }

  /** Log lines that pass the filter. */
  get matches(): number {
    return this.#matches;
  }

  get filter(): LogFilter {
    return this.#filter;
  }

  /** Rows that pass the filter. */
  get shown(): number {
    return this.#shown.length - this.#head;
  }

  /** Height of all shown rows, in text lines. */
  get height(): number {
    return (this.#bottoms.at(-1) ?? this.#base) - this.#base;
  }

  /** The shown row at a position, counted from 0. */
  at(position: number): LogRow | undefined {
    const sequence = this.#shown[this.#head + position];
    return sequence === undefined ? undefined : this.get(sequence);
  }

  get(sequence: number): LogRow | undefined {
    return sequence < this.#first ? undefined : this.#ring[sequence % this.#capacity];
  }

  /** Where the shown row at a position begins, in text lines from the top. */
  top(position: number): number {
    return position <= 0 ? 0 : (this.#bottoms[this.#head + position - 1] ?? this.#base) - this.#base;
  }

  /** Height of the shown row at a position, in text lines. */
  rowHeight(position: number): number {
    return this.top(position + 1) - this.top(position);
  }

  /** Position of the shown row that covers a height in text lines. */
  positionAt(height: number): number {
    const wanted = height + this.#base;
    let low = this.#head;
    let high = this.#bottoms.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#bottoms[middle] ?? 0) > wanted) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return Math.max(0, low - this.#head);
  }

  /** Position of the first shown row that is not older than `sequence`. */
  positionOf(sequence: number): number {
    let low = this.#head;
    let high = this.#shown.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#shown[middle] ?? 0) < sequence) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - this.#head;
  }

  /** Adds rows; the oldest leave when the capacity is reached. Returns how much height left, in text lines. */
  append(batch: AppendRows): number {
    const before = this.#base;
    if (batch.missed > 0) {
      const text = `${batch.missed.toLocaleString("en-US")} lines not shown; they are in the log file`;
      this.#push(RowKind.Skipped, -1, 0, text, batch.missed);
    }
    batch.texts.forEach((text, at) => {
      const kind = toRowKind(batch.kinds[at]);
      this.#push(kind, batch.replicas[at] ?? -1, batch.times[at] ?? 0, text, batch.weights[at] ?? 0);
    });
    const gone = this.#base - before;
    this.#compact();
    return gone;
  }

  clear(): void {
    this.#first = this.#end;
    this.#ring.fill(undefined);
    this.#evictedLines = 0;
    this.#lines = 0;
    this.#layOut();
  }

  setFilter(filter: LogFilter): void {
    this.#filter = filter;
    this.#layOut();
  }

  /** Wraps lines that are longer than that many columns; infinity: no line is wrapped. */
  setColumns(columns: number): void {
    if (columns !== this.#columns) {
      this.#columns = columns;
      this.#layOut();
    }
  }

  /** Height of the rows that have left, within the running sum. */
  get #base(): number {
    return this.#head === 0 ? 0 : (this.#bottoms[this.#head - 1] ?? 0);
  }

  #push(kind: RowKind, replica: number, timeMs: number, text: string, weight: number): void {
    if (this.#end - this.#first >= this.#capacity) {
      this.#evict();
    }
    const row: LogRow = { sequence: this.#end, kind, replica, timeMs, text, plain: plainText(text), weight };
    this.#ring[this.#end % this.#capacity] = row;
    this.#end += 1;
    this.#lines += isLine(row) ? 1 : 0;
    this.#show(row);
  }

  #show(row: LogRow): void {
    // Notices about the log are no part of what is searched.
    if (this.#filter.kind === "pattern" && (!isLine(row) || !matchesFilter(this.#filter, row.plain))) {
      return;
    }
    this.#matches += isLine(row) ? 1 : 0;
    this.#bottoms.push((this.#bottoms.at(-1) ?? 0) + this.#heightOf(row));
    this.#shown.push(row.sequence);
  }

  #heightOf(row: LogRow): number {
    if (this.#columns === Number.POSITIVE_INFINITY || row.plain.length * 2 <= this.#columns) {
      return 1;
    }
    return Math.max(1, Math.ceil(displayColumns(row.plain) / this.#columns));
  }

  #evict(): void {
    const slot = this.#first % this.#capacity;
    const row = this.#ring[slot];
    this.#ring[slot] = undefined;
    if (row !== undefined) {
      this.#evictedLines += row.weight;
      this.#lines -= isLine(row) ? 1 : 0;
      if (this.#shown[this.#head] === row.sequence) {
        this.#head += 1;
        this.#matches -= isLine(row) ? 1 : 0;
      }
    }
    this.#first += 1;
  }

  #layOut(): void {
    this.#shown = [];
    this.#bottoms = [];
    this.#head = 0;
    this.#matches = 0;
    for (let sequence = this.#first; sequence < this.#end; sequence += 1) {
      const row = this.get(sequence);
      if (row !== undefined) {
        this.#show(row);
      }
    }
  }

  #compact(): void {
    if (this.#head > this.#capacity) {
      const base = this.#base;
      this.#shown = this.#shown.slice(this.#head);
      this.#bottoms = this.#bottoms.slice(this.#head).map((bottom) => bottom - base);
      this.#head = 0;
    }
  }
}

function isLine(row: LogRow): boolean {
  return row.kind === RowKind.Stdout || row.kind === RowKind.Stderr;
}

function toRowKind(value: number | undefined): RowKind {
  return value === RowKind.Stderr || value === RowKind.Notice || value === RowKind.Skipped ? value : RowKind.Stdout;
}

/** Columns that a text takes in a font of one width: tabs go to the next multiple of 8, East Asian characters take two. */
export function displayColumns(plain: string): number {
  if (!/[^\u0020-\u007e]/.test(plain)) {
    return plain.length;
  }
  let columns = 0;
  for (const character of plain) {
    const code = character.codePointAt(0) ?? 0;
    if (code === 9) {
      columns += 8 - (columns % 8);
    } else if (/\p{Mark}/u.test(character) || code === 0x200d || code === 0xfe0f) {
      columns += 0;
    } else {
      columns += isWide(code) ? 2 : 1;
    }
  }
  return columns;
}

function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  );
}
