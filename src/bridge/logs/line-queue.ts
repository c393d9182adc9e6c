const NEWLINE = 10;

export interface LineQueueLimits {
  /** Complete lines that may wait. */
  readonly lines: number;
  /** Bytes that may wait; also the longest line. */
  readonly bytes: number;
}

/**
 * Bytes of a log stream that wait to be parsed. A flood is dropped here, before anything is decoded: lines are counted by
 * searching for their ends, the oldest go first, and `takeDropped` tells how many went.
 */
export class LineQueue {
  readonly #limits: LineQueueLimits;
  #chunks: { bytes: Buffer; newlines: number }[] = [];
  /** Read position within the first chunk. */
  #offset = 0;
  #lines = 0;
  #bytes = 0;
  #dropped = 0;
  /** The line that arrives now is longer than the queue may be; its rest is thrown away. */
  #discarding = false;

  constructor(limits: LineQueueLimits) {
    this.#limits = limits;
  }

  /** Complete lines that wait. */
  get lines(): number {
    return this.#lines;
  }

  push(chunk: Uint8Array): void {
    let bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#discarding) {
      const end = bytes.indexOf(NEWLINE);
      if (end === -1) {
        return;
      }
      this.#discarding = false;
      this.#dropped += 1;
      bytes = bytes.subarray(end + 1);
    }
    if (bytes.length === 0) {
      return;
    }
    const newlines = countNewlines(bytes);
    this.#chunks.push({ bytes, newlines });
    this.#lines += newlines;
    this.#bytes += bytes.length;
    if (this.#lines > this.#limits.lines || this.#bytes > this.#limits.bytes) {
      this.#drop();
    }
  }

  /** Removes and returns the oldest complete lines, without their ends; at most `max`. */
  take(max: number): string[] {
    const lines: string[] = [];
    const wanted = Math.min(max, this.#lines);
    while (lines.length < wanted) {
      lines.push(this.#takeLine());
    }
    return lines;
  }

  /** How many lines were dropped since the last call. They came before all that wait now. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  #takeLine(): string {
    const parts: Buffer[] = [];
    for (;;) {
      const head = this.#chunks[0];
      if (head === undefined) {
        throw new RangeError("No complete line waits in the queue.");
      }
      const end = head.newlines === 0 ? -1 : head.bytes.indexOf(NEWLINE, this.#offset);
      if (end === -1) {
        parts.push(head.bytes.subarray(this.#offset));
        this.#shift();
        continue;
      }
      const last = head.bytes.subarray(this.#offset, end);
      this.#bytes -= end + 1 - this.#offset;
      this.#offset = end + 1;
      head.newlines -= 1;
      this.#lines -= 1;
      if (this.#offset === head.bytes.length) {
        this.#chunks.shift();
        this.#offset = 0;
      }
      return parts.length === 0 ? last.toString("utf8") : Buffer.concat([...parts, last]).toString("utf8");
    }
  }

  #shift(): void {
    const head = this.#chunks.shift();
    if (head !== undefined) {
      this.#bytes -= head.bytes.length - this.#offset;
      this.#lines -= head.newlines;
    }
    this.#offset = 0;
  }

  /** Drops down to a quarter, so that a flood is shown as long runs with few gaps and not as many short ones. */
  #drop(): void {
    const keepLines = Math.floor(this.#limits.lines / 4);
    const keepBytes = Math.floor(this.#limits.bytes / 4);
    while (this.#chunks.length > 0 && (this.#lines > keepLines || this.#bytes > keepBytes)) {
      const head = this.#chunks[0];
      if (head === undefined) {
        break;
      }
      const isLast = this.#chunks.length === 1;
      const lastEnd = head.bytes.lastIndexOf(NEWLINE);
      this.#dropped += head.newlines;
      if (isLast && head.newlines > 0) {
        // The newest, still incomplete line stays.
        this.#bytes -= lastEnd + 1 - this.#offset;
        this.#lines -= head.newlines;
        head.newlines = 0;
        this.#offset = lastEnd + 1;
        if (this.#offset === head.bytes.length) {
          this.#shift();
        }
        return;
      }
      const openLine = lastEnd < head.bytes.length - 1;
      this.#shift();
      if (openLine) {
        this.#dropRestOfLine();
      }
    }
  }

  /** The start of a line went: its rest goes too, and it counts as one dropped line. */
  #dropRestOfLine(): void {
    for (;;) {
      const head = this.#chunks[0];
      if (head === undefined) {
        this.#discarding = true;
        return;
      }
      const end = head.bytes.indexOf(NEWLINE, this.#offset);
      if (end === -1) {
        this.#shift();
        continue;
      }
      this.#bytes -= end + 1 - this.#offset;
      this.#offset = end + 1;
      head.newlines -= 1;
      this.#lines -= 1;
      this.#dropped += 1;
      if (this.#offset === head.bytes.length) {
        this.#shift();
      }
      return;
    }
  }
}

function countNewlines(bytes: Buffer): number {
  let newlines = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) {
    newlines += 1;
  }
  return newlines;
}
