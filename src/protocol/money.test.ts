import { describe, expect, it } from "vitest";
import {
  editableAmount,
  formatAmount,
  formatOtt,
  formatRatePerHour,
  hourly,
  parseAmount,
  ratePerSecond,
} from "./money";

describe("money", () => {
  it.each([
    [0n, "0"],
    [1n, "0.000000000000000001"],
    [10n ** 18n, "1"],
    [1_234_567_891_234_567_890_123n, "1,234.5678"],
    [99_999n * 10n ** 13n, "0.9999"],
    [12n * 10n ** 12n, "0.000012"],
    [4_799_999_999_999_999_000n, "4.8"],
    [-5n * 10n ** 17n, "-0.5"],
  ])("writes %d as %s", (wei, text) => {
    expect(formatAmount(wei)).toBe(text);
  });

  it("names the unit", () => {
    expect(formatOtt("2500000000000000000")).toBe("2.5 OTT");
    expect(formatRatePerHour(10n ** 14n)).toBe("0.36 OTT/h");
  });

  it.each([
    ["1", 10n ** 18n],
    [" 1,250.5 ", 12505n * 10n ** 17n],
    ["0.000000000000000001", 1n],
    ["7.", 7n * 10n ** 18n],
  ])("reads %s", (text, wei) => {
    expect(parseAmount(text)).toBe(wei);
  });

  it.each(["", "abc", "1e5", "-1", "0x10", "1.2.3", "1,5", "0.0000000000000000001", "9".repeat(16)])(
    "refuses %j",
    (text) => {
      expect(() => parseAmount(text)).toThrow(/number|amount|decimal/);
    },
  );

  it("reads what it wrote for editing", () => {
    for (const wei of [1n, 10n ** 18n, 123_456_789_012_345_678_901n, 5n * 10n ** 17n]) {
      expect(parseAmount(editableAmount(wei))).toBe(wei);
    }
  });

  it("gives a price an hour back as it was written", () => {
    for (const text of ["0.85", "1.2", "3.6", "0.000123", "12345.678901"]) {
      expect(editableAmount(hourly(ratePerSecond(parseAmount(text))))).toBe(text);
    }
  });

  it("never makes a price a second dearer than the price an hour", () => {
    for (const perHour of [3_600n, 3_601n, 10n ** 18n, 12_345_678_901_234_567n]) {
      expect(ratePerSecond(perHour) * 3_600n).toBeLessThanOrEqual(perHour);
    }
    expect(() => ratePerSecond(3_599n)).toThrow("more than zero");
  });
});
