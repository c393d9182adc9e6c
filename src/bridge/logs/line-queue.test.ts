import { describe, expect, it } from "vitest";
import { LineQueue } from "./line-queue";

const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, at) => `line ${from + at}\n`).join("");
const roomy = { lines: 1_000, bytes: 1_000_000 };

describe("LineQueue", () => {
  it("gives back lines however the bytes were cut", () => {
    const text = "één\ntwo\n\nfour\n";
    for (const size of [1, 2, 3, 5, 100]) {
      const queue = new LineQueue(roomy);
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; at += size) {
        queue.push(bytes.subarray(at, at + size));
      }
      expect(queue.take(100)).toEqual(["één", "two", "", "four"]);
    }
  });

  it("keeps a line that is not complete until its end comes", () => {
    const queue = new LineQueue(roomy);
    queue.push(Buffer.from("first\nsec"));
    expect(queue.take(10)).toEqual(["first"]);
    queue.push(Buffer.from("ond\n"));
    expect(queue.take(10)).toEqual(["second"]);
    expect(queue.take(10)).toEqual([]);
  });

  it("takes no more lines than asked for", () => {
    const queue = new LineQueue(roomy);
    queue.push(Buffer.from(lines(0, 10)));
    expect(queue.take(3)).toEqual(["line 0", "line 1", "line 2"]);
    expect(queue.lines).toBe(7);
  });

  it("drops the oldest lines of a flood and counts every one of them", () => {
    const queue = new LineQueue({ lines: 100, bytes: 1_000_000 });
    let seen = 0;
    let dropped = 0;
    let last = "";
    for (let at = 0; at < 10_000; at += 70) {
      // Cut in the middle of a line, as a socket does.
      const bytes = Buffer.from(lines(at, at + 70));
      queue.push(bytes.subarray(0, 301));
      queue.push(bytes.subarray(301));
      dropped += queue.takeDropped();
      const taken = queue.take(9);
      seen += taken.length;
      last = taken.at(-1) ?? last;
    }
    dropped += queue.takeDropped();
    const rest = queue.take(1_000);
    expect(seen + dropped + rest.length).toBe(10_010);
    expect(rest.at(-1)).toBe("line 10009");
    expect(dropped).toBeGreaterThan(5_000);
  });

  it("gives back only whole lines after a drop", () => {
    const queue = new LineQueue({ lines: 20, bytes: 1_000_000 });
    for (let at = 0; at < 200; at += 7) {
      const bytes = Buffer.from(lines(at, at + 7));
      queue.push(bytes.subarray(0, 10));
      queue.push(bytes.subarray(10));
      for (const line of queue.take(2)) {
        expect(line).toMatch(/^line \d+$/);
      }
    }
  });

  it("throws away a line without an end, in bounded memory, and counts it once", () => {
    const queue = new LineQueue({ lines: 100, bytes: 1_000 });
    for (let at = 0; at < 100; at += 1) {
      queue.push(Buffer.alloc(500, "x"));
    }
    queue.push(Buffer.from("end\nnext\n"));
    expect(queue.take(10)).toEqual(["next"]);
    expect(queue.takeDropped()).toBe(1);
  });
});
