import { describe, expect, it } from "vitest";
import { describeCapacity, formatBps, formatSpan, formatWhen, shortAddress } from "./words";

describe("words of the market", () => {
  it.each([
    [0, "0 s"],
    [-5, "0 s"],
    [59.9, "59 s"],
    [250, "4 min 10 s"],
    [3_600, "1 h"],
    [3_605, "1 h"],
    [90_000, "1 d 1 h"],
    [31_536_000, "365 d"],
  ])("writes %d s as %s", (seconds, text) => {
    expect(formatSpan(seconds)).toBe(text);
  });

  it("says when", () => {
    expect(formatWhen(100, 40)).toBe("in 1 min");
    expect(formatWhen(0, 4_000)).toBe("1 h ago");
  });

  it("describes a capacity", () => {
    const need = { millicores: 500, mebibytes: 2_048, gpus: 0, gpuModel: "", region: "", labels: 0 };
    expect(describeCapacity(need)).toBe("500 mcores, 2 GiB");
    expect(describeCapacity({ ...need, millicores: 2_000, gpus: 1 })).toBe("2 cores, 2 GiB, 1 × any GPU");
  });

  it("shortens an address and a share", () => {
    expect(shortAddress("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")).toBe("0x7099…79C8");
    expect(formatBps(9_950)).toBe("99.5 %");
  });
});
