import { describe, expect, it } from "vitest";
import { RowKind } from "../../protocol/webview-logs";
import { LogRing, type LogRow, skippedRow } from "./log-ring";

const row = (text: string): LogRow => ({ kind: RowKind.Stdout, replica: 0, timeMs: 0, text, weight: 1 });
const texts = (rows: LogRow[]): string[] => rows.map(({ text }) => text);

describe("LogRing", () => {
  it("keeps the newest rows and counts the lines that left", () => {
    const ring = new LogRing({ rows: 3, chars: 1_000 });
    ring.push(skippedRow(0, 40));
    for (const text of ["a", "b", "c", "d"]) {
      ring.push(row(text));
    }
    expect(texts(ring.slice(0, 10, 1_000))).toEqual(["b", "c", "d"]);
    expect([ring.first, ring.end, ring.totalLines, ring.evictedLines]).toEqual([2, 5, 44, 41]);
  });

  it("is bounded by the length of its texts too, and keeps at least one row", () => {
    const ring = new LogRing({ rows: 100, chars: 10 });
    for (const text of ["aaaa", "bbbb", "cccc"]) {
      ring.push(row(text));
    }
    expect(texts(ring.slice(0, 10, 1_000))).toEqual(["bbbb", "cccc"]);
    ring.push(row("x".repeat(50)));
    expect(ring.end - ring.first).toBe(1);
  });

  it("gives rows from a number on, as many as fit", () => {
    const ring = new LogRing({ rows: 10, chars: 1_000 });
    for (const text of ["a", "b", "c", "d"]) {
      ring.push(row(text));
    }
    expect(texts(ring.slice(1, 2, 1_000))).toEqual(["b", "c"]);
    expect(texts(ring.slice(0, 10, 2))).toEqual(["a", "b"]);
    expect(ring.slice(4, 10, 1_000)).toEqual([]);
  });

  it("goes on counting after it was cleared", () => {
    const ring = new LogRing({ rows: 3, chars: 1_000 });
    ring.push(row("a"));
    ring.clear();
    ring.push(row("b"));
    expect(texts(ring.slice(0, 10, 1_000))).toEqual(["b"]);
    expect([ring.first, ring.end]).toEqual([1, 2]);
  });
});

describe("skippedRow", () => {
  it("says how many lines it stands for", () => {
    expect(skippedRow(0, 12_340).text).toBe("12,340 lines not shown; they are in the log file");
    expect(skippedRow(0, 1).text).toBe("1 line not shown; it is in the log file");
  });
});
