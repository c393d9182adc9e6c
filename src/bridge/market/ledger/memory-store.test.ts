import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JobQuery } from "../store";
import { NETWORK, stepOf, syntheticJob, tipAt } from "../testing/synthetic";
import type { Job } from "../types";
import { MemoryStore } from "./memory-store";
import { StoreFile } from "./store-file";

const COUNT = 2_500;

function filled(): { store: MemoryStore; jobs: Job[] } {
  const store = new MemoryStore();
  const jobs = Array.from({ length: COUNT }, (_, i) => syntheticJob(i + 1));
  store.commit(stepOf(1, jobs));
  return { store, jobs };
}

/** The same answer by going through all. */
function naive(jobs: readonly Job[], where: (job: Job) => boolean, key: (job: Job) => bigint | number): Job[] {
  const compare = (a: bigint | number, b: bigint | number): number => (a < b ? -1 : a > b ? 1 : 0);
  return jobs.filter(where).sort((a, b) => compare(key(a), key(b)) || compare(a.id, b.id));
}

describe("MemoryStore.jobs", () => {
  const { store, jobs } = filled();
  const developer = jobs[3]?.developer ?? "0x";

  it.each<[string, JobQuery["filter"] & object, (job: Job) => boolean]>([
    ["state", { states: ["open"] }, (job) => job.state === "open"],
    ["states", { states: ["running", "settled"] }, (job) => job.state === "running" || job.state === "settled"],
    ["developer", { developer }, (job) => job.developer === developer],
    ["price", { minRate: 50n, maxRate: 90n }, (job) => job.maxRate >= 50n && job.maxRate <= 90n],
    [
      "need",
      { fits: { millicores: 4000, mebibytes: 8192, gpus: 0, gpuModel: 0, region: 276, labels: 1 } },
      ({ need }) =>
        need.millicores <= 4000 &&
        need.mebibytes <= 8192 &&
        need.gpus === 0 &&
        need.gpuModel === 0 &&
        (need.region === 0 || need.region === 276) &&
        (need.labels & ~1) === 0,
    ],
    ["any condition", { where: ({ id }) => id % 7n === 0n }, ({ id }) => id % 7n === 0n],
  ])("filters by %s, sorts and pages like a scan of all", (_what, filter, where) => {
    for (const by of ["maxRate", "id"] as const) {
      const expected = naive(jobs, where, (job) => job[by]);
      expect(expected.length).toBeGreaterThan(3);
      expect(store.jobs({ filter, sort: { by }, limit: COUNT })).toEqual({ rows: expected, total: expected.length });
      expect(store.jobs({ filter, sort: { by, descending: true }, offset: 1, limit: 2 })).toEqual({
        rows: [...expected].reverse().slice(1, 3),
        total: expected.length,
      });
    }
  });

  it("keeps its sorted lists right when jobs change, come and go back", () => {
    const { store, jobs } = filled();
    const all = (): readonly Job[] => store.jobs({ sort: { by: "maxRate" }, limit: COUNT + 1 }).rows;
    const before = all();
    const changed = jobs.slice(0, 50).map((job): Job => ({ ...job, maxRate: job.maxRate * 3n + 1n }));
    store.commit(stepOf(2, [...changed, syntheticJob(COUNT + 1)]));
    const now = [...changed, ...jobs.slice(50), syntheticJob(COUNT + 1)];
    expect(all()).toEqual(
      naive(
        now,
        () => true,
        (job) => job.maxRate,
      ),
    );
    store.undoTo(1n);
    expect(all()).toEqual(before);
  });
});

describe("MemoryStore and StoreFile", () => {
  let directory = "";
  const messages: string[] = [];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "zlayer-store-"));
    messages.length = 0;
  });
  afterEach(() => rm(directory, { recursive: true }));

  async function opened(network = NETWORK): Promise<{ store: MemoryStore; file: StoreFile }> {
    const store = new MemoryStore();
    const file = new StoreFile(join(directory, "store"), network, store, (message) => messages.push(message));
    await file.open();
    return { store, file };
  }

  it("comes back as it was, steps that can be taken back included", async () => {
    const { store, file } = await opened();
    for (let block = 1; block <= 300; block++) {
      const step = stepOf(block, block % 3 === 0 ? [] : [syntheticJob(block), syntheticJob(1 + (block % 5))]);
      store.commit(step);
      file.append(step);
    }
    store.undoTo(298n);
    file.undo(298n);
    await file.close();
    const again = await opened();
    expect(again.store.tables).toEqual(store.tables);
    expect(again.store.tip).toEqual(tipAt(298));
    // Written anew, it is the same, and goes back as far.
    again.file.renew();
    await again.file.close();
    const renewed = await opened();
    expect(renewed.store.tables).toEqual(store.tables);
    for (const each of [store, renewed.store]) {
      each.undoTo(100n);
    }
    expect(renewed.store.tables).toEqual(store.tables);
    await renewed.file.close();
    expect(messages).toEqual([]);
  });

  it("writes the file anew when it has grown too much", async () => {
    const { store, file } = await opened();
    const jobs = Array.from({ length: 200 }, (_, i) => syntheticJob(i + 1));
    for (let block = 1; block <= 200; block++) {
      // So far apart that none of them can be taken back when the next one comes.
      const step = stepOf(
        block * 1_000,
        jobs.map((job): Job => ({ ...job, escrow: BigInt(block) })),
      );
      store.commit(step);
      file.append(step);
    }
    await file.close();
    expect((await stat(join(directory, "store"))).size).toBeLessThan(10_000_000);
    const again = await opened();
    expect(again.store.tables).toEqual(store.tables);
    await again.file.close();
  });

  it("begins anew for another deployment", async () => {
    const { store, file } = await opened();
    store.commit(stepOf(1, [syntheticJob(1)]));
    file.append(stepOf(1, [syntheticJob(1)]));
    await file.close();
    const other = await opened({ ...NETWORK, chainId: 6 });
    expect(other.store.tip).toBeUndefined();
    expect(messages).toEqual([expect.stringContaining("belongs to another deployment")]);
    await other.file.close();
  });

  it("goes on without a file where it cannot be kept", async () => {
    const store = new MemoryStore();
    await writeFile(join(directory, "file"), "");
    const file = new StoreFile(join(directory, "file", "store"), NETWORK, store, (message) => messages.push(message));
    await file.open();
    file.append(stepOf(1, [syntheticJob(1)]));
    await file.close();
    expect(messages).toEqual([expect.stringContaining("is not kept any more")]);
  });
});
