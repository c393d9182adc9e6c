import { describe, expect, it } from "vitest";
import { type AppendRows, RowKind } from "../../protocol/webview-logs";
import { parseFilter } from "./log-filter";
import { displayColumns, LogModel } from "./log-model";

function batch(texts: string[], change: Partial<AppendRows> = {}): AppendRows {
  return {
    type: "append",
    missed: 0,
    texts,
    kinds: texts.map(() => RowKind.Stdout),
    replicas: texts.map(() => 0),
    times: texts.map(() => 0),
    weights: texts.map(() => 1),
    ...change,
  };
}

const shown = (model: LogModel): (string | undefined)[] =>
  Array.from({ length: model.shown }, (_, at) => model.at(at)?.plain);
const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, at) => `line ${from + at}`);

describe("LogModel", () => {
  it("holds the newest rows and says how many lines left", () => {
    const model = new LogModel(3);
    expect(model.append(batch(numbered(0, 2)))).toBe(0);
    expect(model.append(batch(numbered(2, 5)))).toBe(2);
    expect(shown(model)).toEqual(["line 2", "line 3", "line 4"]);
    expect([model.size, model.lines, model.evictedLines, model.height]).toEqual([3, 3, 2, 3]);
  });

  it("makes a row of lines that the host could not keep", () => {
    const model = new LogModel(10);
    model.append(batch(["a"], { missed: 1_234 }));
    expect(shown(model)).toEqual(["1,234 lines not shown; they are in the log file", "a"]);
    expect(model.lines).toBe(1);
  });

  it("shows what passes the filter, also of rows that come later, and never notices", () => {
    const model = new LogModel(10);
    model.append(batch(["red one", "blue", "red gone"], { kinds: [RowKind.Stdout, RowKind.Stderr, RowKind.Notice] }));
    model.setFilter(parseFilter("red"));
    model.append(batch(["green", "\u001b[31mred\u001b[0m two"]));
    expect(shown(model)).toEqual(["red one", "red two"]);
    expect([model.matches, model.lines]).toEqual([2, 4]);
    model.setFilter(parseFilter(""));
    expect(model.shown).toBe(5);
  });

  it("forgets filtered rows as they leave", () => {
    const model = new LogModel(4);
    model.setFilter(parseFilter("/[02468]$/"));
    for (let at = 0; at < 100; at += 1) {
      model.append(batch([`line ${at}`]));
    }
    expect(shown(model)).toEqual(["line 96", "line 98"]);
    expect([model.matches, model.height]).toEqual([2, 2]);
  });

  it("knows where each row is when long ones are wrapped", () => {
    const model = new LogModel(10);
    model.append(batch(["short", "x".repeat(25), "", "y".repeat(20)]));
    model.setColumns(10);
    expect([0, 1, 2, 3].map((at) => [model.top(at), model.rowHeight(at)])).toEqual([
      [0, 1],
      [1, 3],
      [4, 1],
      [5, 2],
    ]);
    expect(model.height).toBe(7);
    expect([0, 0.9, 1, 3.9, 4, 6.5, 100].map((height) => model.positionAt(height))).toEqual([0, 0, 1, 1, 2, 3, 3]);
    model.setColumns(Number.POSITIVE_INFINITY);
    expect(model.height).toBe(4);
  });

  it("finds a row again after others left and the filter changed", () => {
    const model = new LogModel(50);
    model.append(batch(numbered(0, 80)));
    const row = model.at(20);
    expect(row?.plain).toBe("line 50");
    model.setFilter(parseFilter("/0$/"));
    expect(model.at(model.positionOf(row?.sequence ?? 0))?.plain).toBe("line 50");
    expect(model.positionOf(0)).toBe(0);
    expect(model.positionOf(1_000)).toBe(model.shown);
  });

  it("stays the same over very many rows", () => {
    const model = new LogModel(100);
    model.setColumns(10);
    for (let at = 0; at < 5_000; at += 50) {
      model.append(batch(numbered(at, at + 50)));
    }
    expect([model.shown, model.height, model.top(50), model.at(99)?.plain]).toEqual([100, 100, 50, "line 4999"]);
  });

  it("starts anew after it was cleared", () => {
    const model = new LogModel(5);
    model.append(batch(numbered(0, 9)));
    model.clear();
    expect([model.shown, model.size, model.lines, model.evictedLines, model.height]).toEqual([0, 0, 0, 0, 0]);
    model.append(batch(["next"]));
    expect(shown(model)).toEqual(["next"]);
  });
});

describe("displayColumns", () => {
  it.each([
    ["abc", 3],
    ["a\tb", 9],
    ["日本", 4],
    ["e\u0301", 1],
    ["🚀!", 3],
  ])("%j takes %i", (text, columns) => {
    expect(displayColumns(text)).toBe(columns);
  });
});
