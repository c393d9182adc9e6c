import { describe, expect, it } from "vitest";
import { MemoryStore } from "./ledger/memory-store";
import { costSoFar, expectedCost, longestCost, suggestPrice } from "./price";
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

  it("leaves out jobs that are old, failed, unpaid, of another size or with other GPUs", () => {
    const settlement = (settledJob(1, 1n) as SettledJob).settlement;
    expect(
      suggest([
        settledJob(1, 1n, { settlement: { ...settlement, settledAt: NOW - 40 * 86_400 } }),
        settledJob(2, 1n, { settlement: { ...settlement, fault: "false" } }),
        settledJob(3, 1n, { settlement: { ...settlement, paid: 0n } }),
        settledJob(4, 1n, { need: { ...NEED, millicores: 64_000, mebibytes: 65_536 } }),
        settledJob(5, 1n, { need: { ...NEED, gpus: 1, gpuModel: 7 } }),
      ]),
    ).toBeUndefined();
  });
});

describe("costs", () => {
  it("are never more than the job holds", () => {
    expect(longestCost({ maxRate: 3n, maxDuration: 100 })).toBe(300n);
    expect(expectedCost({ escrow: 200n, maxDuration: 100 }, 3n)).toBe(200n);
    expect(expectedCost({ escrow: 200n, maxDuration: 100 }, 1n)).toBe(100n);
  });

  it("grow with the time in service, and end with it", () => {
    const settled = settledJob(1, 2n) as SettledJob;
    const { settlement, ...rest } = settled;
    const running: Job = { ...rest, state: "running", escrow: 10_000n };
    const { startedAt, endsAt } = settled.service;
    expect(costSoFar(running, startedAt - 5)).toBe(0n);
    expect(costSoFar(running, startedAt + 10)).toBe(20n);
    expect(costSoFar(running, endsAt + 1_000_000)).toBe(BigInt(endsAt - startedAt) * 2n);
    expect(costSoFar({ ...running, escrow: 15n }, startedAt + 10)).toBe(15n);
    expect(costSoFar(settled, NOW)).toBe(settlement.paid + settlement.fee);
  });
});
