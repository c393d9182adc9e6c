import { describe, expect, it } from "vitest";
import { chainHash, meteringLeaf, meteringTree } from "./metering-log";
import { type Bill, verifyBill } from "./verify-bill";

const entries = [0, 10, 20, 30].map((usedSeconds, index) => ({
  jobId: 7n,
  index,
  usedSeconds,
  cpuNanoseconds: 0n,
  memoryByteSeconds: 0n,
  networkBytes: 0n,
  blockBytes: 0n,
  gpuMilliseconds: 0n,
}));
const leaves = entries.map(meteringLeaf);
const log = entries
  .map((entry, i) => JSON.stringify({ entry, chain: chainHash(leaves.slice(0, i + 1)) }, text))
  .map((line) => `${line}\n`)
  .join("");
const billOf = (count: number, change: Partial<Bill> = {}): Bill => ({
  jobId: 7n,
  rate: 5n,
  usedSeconds: 10 * (count - 1),
  amount: 50n * BigInt(count - 1),
  root: meteringTree(leaves.slice(0, count)).root,
  servedSeconds: 40,
  promisedSeconds: 40,
  availabilityBps: 0,
  escrow: 1_000n,
  ...change,
});

function text(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

describe("a bill", () => {
  it.each([2, 3, 4])("is right under the root of %d entries", (count) => {
    expect(verifyBill(log, billOf(count)).differences).toEqual([]);
  });

  it.each<[string, Partial<Bill>, string]>([
    ["asks for more", { amount: 151n }, "The bill is 151 wei, the log comes to 150 wei."],
    ["counts more", { usedSeconds: 31 }, "The bill counts 31 s of use, the log 30 s."],
    ["names another log", { root: `0x${"11".repeat(32)}` }, "No part of the log has the root"],
    ["is about more time than there was", { servedSeconds: 29 }, "in service for 29 s"],
    ["leaves out what a broken promise costs", { availabilityBps: 10_000 }, "the log comes to 112 wei"],
  ])("that %s is shown where it differs", (_what, change, difference) => {
    expect(verifyBill(log, billOf(4, change)).differences.join(" ")).toContain(difference);
  });

  it("of a log that was changed is shown at its line", () => {
    const { due, differences } = verifyBill(log.replace('"usedSeconds":20', '"usedSeconds":25'), billOf(4));
    expect(due).toBeUndefined();
    expect(differences.join(" ")).toContain("Line 3");
  });
});
