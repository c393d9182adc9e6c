import { describe, expect, it } from "vitest";
import type { ContainerMetrics } from "../sidecar/types";
import { firstEntry, nextEntry } from "./job-meter";

const metrics = (service: string, times: number[], id = service): ContainerMetrics => ({
  id,
  deployment: "zl-1",
  service,
  replica: 0,
  samples: times.map((time_ms) => ({
    time_ms,
    cpu_ns: time_ms * 10,
    memory_bytes: 1_000,
    pids: 1,
    read_bytes: 0,
    rx_bytes: time_ms,
    tx_bytes: 0,
    write_bytes: 5,
  })),
});
const seconds = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => (from + at) * 1_000);
const start = firstEntry(1n, 10_000);
const next = (measured: ContainerMetrics[], services = ["web"], served = 1_000, from = start) =>
  nextEntry(from.entry, from.note, measured, services, served);

describe("a job's meter", () => {
  it("counts time and counters since the last entry, and nothing twice", () => {
    const first = next([metrics("web", seconds(8, 20))]);
    expect(first?.entry).toMatchObject({
      index: 1,
      usedSeconds: 10,
      cpuNanoseconds: 90_000n,
      networkBytes: 9_000n,
      memoryByteSeconds: 10_000n,
    });
    expect(next([metrics("web", seconds(8, 20))], ["web"], 1_000, first)).toBeUndefined();
    const second = next([metrics("web", seconds(8, 25))], ["web"], 1_000, first);
    expect(second?.entry).toMatchObject({ index: 2, usedSeconds: 15, cpuNanoseconds: 140_000n });
  });

  it("counts no time in which it was not measured, or one of its services was down", () => {
    expect(next([metrics("web", [...seconds(11, 15), ...seconds(31, 35)])])?.entry.usedSeconds).toBe(10);
    const both = [metrics("web", seconds(11, 40)), metrics("db", seconds(11, 20))];
    expect(next(both, ["web", "db"])?.entry.usedSeconds).toBe(10);
    expect(next([metrics("web", seconds(11, 40))], ["web", "db"])?.entry.usedSeconds).toBe(0);
  });

  it("keeps what is left of a second for the next entry, wherever its ends are", () => {
    let measured = start;
    for (let at = 10_700; at <= 20_000; at += 700) {
      measured = next([metrics("web", [at])], ["web"], 1_000, measured) ?? measured;
    }
    expect(measured.entry.usedSeconds).toBe(9);
  });

  it("never counts more than the chain saw, nor twice for two replicas", () => {
    const replicas = [metrics("web", seconds(11, 20), "a"), metrics("web", seconds(11, 20), "b")];
    expect(next(replicas)?.entry.usedSeconds).toBe(10);
    expect(next(replicas, ["web"], 4)?.entry.usedSeconds).toBe(4);
  });

  it("counts a container that was started again from zero", () => {
    const first = next([metrics("web", seconds(11, 20))]) ?? start;
    const again = metrics("web", [21_000]);
    const fresh = { ...again, samples: again.samples.map((sample) => ({ ...sample, cpu_ns: 7 })) };
    expect(next([fresh], ["web"], 1_000, first)?.entry.cpuNanoseconds).toBe(first.entry.cpuNanoseconds + 7n);
  });
});
