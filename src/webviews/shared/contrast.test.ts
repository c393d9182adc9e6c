import { describe, expect, it } from "vitest";
import { contrastRatio, ensureContrast, parseRgb, type Rgb, toCss } from "./contrast";

const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [0, 0, 0];

describe("parseRgb", () => {
  it.each([
    ["rgb(1, 2, 3)", [1, 2, 3]],
    ["rgba(0, 0, 0, 0.5)", [127.5, 127.5, 127.5]],
    ["rgb(0 0 0 / 50%)", [127.5, 127.5, 127.5]],
    ["red", undefined],
  ])("reads %s", (text, expected) => {
    expect(parseRgb(text, WHITE)).toEqual(expected);
  });
});

describe("contrast", () => {
  it("is 21 between black and white, and 1 between equals", () => {
    expect(contrastRatio(BLACK, WHITE)).toBeCloseTo(21);
    expect(contrastRatio(WHITE, WHITE)).toBe(1);
  });

  it("keeps a colour that can be read", () => {
    expect(ensureContrast([255, 255, 0], BLACK, 4.5)).toEqual([255, 255, 0]);
  });

  it.each<[Rgb, Rgb]>([
    [[255, 255, 0], WHITE],
    [[0, 0, 128], BLACK],
    [
      [120, 120, 120],
      [128, 128, 128],
    ],
    [
      [200, 30, 30],
      [40, 40, 40],
    ],
  ])("makes %j readable on %j", (color, background) => {
    expect(contrastRatio(ensureContrast(color, background, 4.5), background)).toBeGreaterThanOrEqual(4.5);
  });

  it("writes CSS", () => {
    expect(toCss([1.4, 2.6, 255])).toBe("rgb(1, 3, 255)");
  });
});
