import { describe, expect, it } from "vitest";
import { type Sample, toPoints } from "./rates";

const at = (seconds: number, counters: Partial<Sample> = {}): Sample => ({
  timeMs: seconds * 1_000,
  cpuNs: 0,
  memoryBytes: 100,
  rxBytes: 0,
  txBytes: 0,
  readBytes: 0,
  writeBytes: 0,
  ...counters,
});

describe("toPoints", () => {
  it("turns counters into use a second, and CPU time into millicores", () => {
    const before = at(10, { cpuNs: 1e9, rxBytes: 1_000, writeBytes: 50 });
    const [point] = toPoints(before, at(12, { cpuNs: 2e9, rxBytes: 5_000, writeBytes: 150, memoryBytes: 7 }));
    expect(point).toEqual({ timeMs: 12_000, cpu: 500, memory: 7, rx: 2_000, tx: 0, read: 0, write: 50 });
  });

  it("knows no rate at the first sample", () => {
    expect(toPoints(undefined, at(1))).toEqual([
      { timeMs: 1_000, cpu: null, memory: 100, rx: null, tx: null, read: null, write: null },
    ]);
  });

  it("knows no rate of a counter that was reset, and the rates of the others", () => {
    const [point] = toPoints(at(1, { cpuNs: 9e9, rxBytes: 10 }), at(2, { cpuNs: 1e6, rxBytes: 20 }));
    expect(point).toMatchObject({ cpu: null, rx: 10, memory: 100 });
  });

  it("breaks the line over a gap", () => {
    const points = toPoints(at(1, { cpuNs: 1 }), at(100, { cpuNs: 5e9 }));
    expect(points.map((point) => [point.timeMs, point.cpu, point.memory])).toEqual([
      [2_000, null, null],
      [100_000, null, 100],
    ]);
  });

  it("ignores a sample that is not newer", () => {
    expect(toPoints(at(5), at(5, { cpuNs: 7 }))).toEqual([]);
    expect(toPoints(at(5), at(4, { cpuNs: 7 }))).toEqual([]);
  });

  it("leaves out what the engine does not measure", () => {
    const bare: Sample = { timeMs: 0, cpuNs: 0, memoryBytes: 1 };
    expect(toPoints(bare, { ...bare, timeMs: 1_000, cpuNs: 1e9 })[0]).toMatchObject({
      cpu: 1_000,
      rx: null,
      read: null,
    });
  });
});
