import { describe, expect, it } from "vitest";
import type { ContainerSamples } from "./metrics-source";
import { MetricsStore } from "./metrics-store";

const START = 1_000_000_000;

function samples(id: string, from: number, to: number, stepMs = 1_000): ContainerSamples {
  return {
    id,
    service: "web",
    replica: 0,
    cpuLimit: 500,
    samples: Array.from({ length: to - from }, (_, at) => ({
      timeMs: START + (from + at) * stepMs,
      cpuNs: (from + at) * stepMs * 100_000,
      memoryBytes: 7,
    })),
  };
}

describe("MetricsStore", () => {
  it("gives the points that new samples make, and keeps all of them", () => {
    const store = new MetricsStore();
    expect(store.add(samples("a", 0, 2))?.points).toMatchObject({ cpu: [null, 100], memory: [7, 7], rx: [null, null] });
    expect(store.add(samples("a", 2, 3))?.points).toMatchObject({ times: [START + 2_000], cpu: [100] });
    expect(store.all()).toMatchObject([
      { id: "a", cpuLimit: 500, memoryLimit: null, points: { cpu: [null, 100, 100] } },
    ]);
  });

  it("ignores what it has already", () => {
    const store = new MetricsStore();
    store.add(samples("a", 0, 10));
    expect(store.add(samples("a", 3, 10))).toBeUndefined();
    expect(store.add(samples("a", 5, 12))?.points.times).toEqual([START + 10_000, START + 11_000]);
  });

  it("keeps an hour, and its older part coarsely", () => {
    const store = new MetricsStore();
    for (let at = 0; at < 9_000; at += 1) {
      store.add(samples("a", at, at + 1));
    }
    const times = store.all()[0]?.points.times ?? [];
    expect(times.at(-1)).toBe(START + 8_999_000);
    expect(times[0]).toBeGreaterThanOrEqual(START + 8_999_000 - 3_600_000 - 130_000);
    expect(times.length).toBeLessThan(600 + 600 + 300);
    const steps = times.slice(1).map((time, at) => time - (times[at] ?? 0));
    expect(steps.at(-1)).toBe(1_000);
    expect(Math.max(...steps)).toBeLessThanOrEqual(5_000);
  });

  it("forgets containers that are long gone", () => {
    const store = new MetricsStore();
    store.add(samples("a", 0, 3));
    store.forgetOld(START + 4_000_000);
    expect(store.size).toBe(0);
  });
});
