import { describe, expect, it } from "vitest";
import { edges, pan, zoom } from "./time-range";

const NOW = 10_000;

describe("time range", () => {
  it("follows the time until it is moved, and again at its end", () => {
    const live = { span: 60, to: undefined };
    expect(edges(live, NOW)).toEqual([NOW - 60, NOW]);
    const moved = pan(live, -30, NOW);
    expect(edges(moved, NOW + 5)).toEqual([NOW - 90, NOW - 30]);
    expect(pan(moved, 100, NOW)).toEqual(live);
  });

  it("stays within the last hour", () => {
    expect(edges(pan({ span: 600, to: undefined }, -99_999, NOW), NOW)).toEqual([NOW - 3_600, NOW - 3_000]);
    expect(zoom({ span: 600, to: undefined }, 100, NOW, NOW)).toEqual({ span: 3_600, to: undefined });
    expect(zoom({ span: 600, to: undefined }, 0.0001, NOW, NOW)).toEqual({ span: 10, to: undefined });
  });

  it("keeps the time under the pointer where it is", () => {
    const zoomed = zoom({ span: 100, to: NOW - 500 }, 0.5, NOW - 525, NOW);
    const [from, to] = edges(zoomed, NOW);
    expect([from, to]).toEqual([NOW - 562.5, NOW - 512.5]);
    expect((NOW - 525 - from) / (to - from)).toBeCloseTo(0.75);
  });
});
