import { describe, expect, it } from "vitest";
import { MemoryStore } from "./ledger/memory-store";
import { expectedCost, suggestPrice } from "./price";
import { stepOf, syntheticJob } from "./testing/synthetic";
import type { Capacity, Job, MarketParameters, SettledJob } from "./types";

const PARAMETERS = { stakePerMillicore: 10n, stakePerMebibyte: 5n, stakePerGpu: 500_000n } as MarketParameters;
const NEED: Capacity = { millicores: 1000, mebibytes: 1024, gpus: 0, gpuModel: 0, region: 0, labels: 0 };
const NOW = 1_800_000_000;
const SETTLED = Array.from({ length: 50 }, (_, i) => syntheticJob(i + 1)).find((job) => job.state === "settled");

function settledJob(id: number, rate: bigint, change: Partial<SettledJob> = {}): Job {
  if (SETTLED?.state !== "settled") {
    throw new Error("there is no settled job");
  }
  return {
    ...SETTLED,
    id: BigInt(id),
    need: NEED,
    assignment: { ...SETTLED.assignment, rate },
    settlement: { ...SETTLED.settlement, settledAt: NOW - 1000 },
    ...change,
  };
}

function suggest(jobs: readonly Job[], need = NEED) {
  const store = new MemoryStore();
  store.commit(stepOf(1, jobs));
  return suggestPrice(store, need, PARAMETERS, NOW);
}

describe("suggestPrice", () => {
  it("takes the quartiles of like jobs", () => {
    const jobs = [10n, 20n, 30n, 40n, 50n].map((rate, i) => settledJob(i + 1, rate));
    expect(suggest(jobs)).toEqual({ low: 20n, typical: 30n, high: 40n, jobs: 5 });
  });

  it("scales to the size of the job", () => {
    const need = { ...NEED, millicores: 2000, mebibytes: 2048 };
    expect(suggest([settledJob(1, 10n)], need)?.typical).toBe(20n);
  });

  it("leaves out jobs that are old, failed, unpaid, of another size, with other GPUs or of one's own node", () => {
    const settlement = (settledJob(1, 1n) as SettledJob).settlement;
    expect(
      suggest([
        settledJob(1, 1n, { settlement: { ...settlement, settledAt: NOW - 40 * 86_400 } }),
        settledJob(2, 1n, { settlement: { ...settlement, fault: "false" } }),
        settledJob(3, 1n, { settlement: { ...settlement, paid: 0n } }),
        settledJob(4, 1n, { need: { ...NEED, millicores: 64_000, mebibytes: 65_536 } }),
        settledJob(5, 1n, { need: { ...NEED, gpus: 1, gpuModel: 7 } }),
        settledJob(6, 1n, { developer: (settledJob(6, 1n) as SettledJob).assignment.node }),
      ]),
    ).toBeUndefined();
  });
});

describe("costs", () => {
  it("are never more than the job holds", () => {
    expect(expectedCost({ escrow: 200n, maxDuration: 100 }, 3n)).toBe(200n);
    expect(expectedCost({ escrow: 200n, maxDuration: 100 }, 1n)).toBe(100n);
  });
});
