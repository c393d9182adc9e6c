import { describe, expect, it } from "vitest";
import { formatCpu, formatRate, formatSize } from "./units";

describe("units", () => {
  it.each([
    [formatCpu, 0, "0 mcores"],
    [formatCpu, 2.345, "2.35 mcores"],
    [formatCpu, 250, "250 mcores"],
    [formatCpu, 1_000, "1 core"],
    [formatCpu, 1_500, "1.5 cores"],
    [formatSize, 512, "512 B"],
    [formatSize, 24 * 1024 * 1024, "24 MiB"],
    [formatSize, 1.5 * 1024 ** 3, "1.5 GiB"],
    [formatRate, 12, "12 B/s"],
    [formatRate, 1_234, "1.23 kB/s"],
    [formatRate, 45_600_000, "45.6 MB/s"],
  ])("%o %d is %s", (format, value, expected) => {
    expect(format(value)).toBe(expected);
  });
});
