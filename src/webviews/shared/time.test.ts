import { describe, expect, it } from "vitest";
import { formatClock, formatMoment, parseSince } from "./time";

const NOW = new Date(2026, 4, 3, 14, 3, 59, 42).getTime();
const local = (year: number, month: number, day: number, hours: number, minutes: number, seconds = 0) =>
  new Date(year, month, day, hours, minutes, seconds).getTime();

describe("time", () => {
  it("is shown to the millisecond, in local time", () => {
    expect(formatClock(NOW)).toBe("14:03:59.042");
    expect(formatMoment(NOW)).toBe("2026-05-03 14:03:59.042");
    expect(formatClock(0)).toBe("");
  });

  it.each([
    ["90s", NOW - 90_000],
    ["15m", NOW - 900_000],
    ["1.5h", NOW - 5_400_000],
    ["2 D", NOW - 172_800_000],
    ["14:00", local(2026, 4, 3, 14, 0)],
    ["2026-05-01 09:30", local(2026, 4, 1, 9, 30)],
    ["2026-05-01T09:30:15", local(2026, 4, 1, 9, 30, 15)],
  ])("since %s", (text, expected) => {
    expect(parseSince(text, NOW)).toBe(expected);
  });

  it.each(["", "soon", "15", "23:00", "14:60", "2026-02-30 10:00", "2027-01-01 00:00"])("refuses %j", (text) => {
    expect(parseSince(text, NOW)).toBeUndefined();
  });
});
