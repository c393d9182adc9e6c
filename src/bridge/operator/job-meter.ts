// From the engine's measurements to the next entry of a job's metering log. What was not measured is not billed.
import * as v from "valibot";
import type { MeteringEntry } from "../market/types";
import type { JournalLine } from "../metering/metering-journal";
import type { ContainerMetrics, MetricsSample } from "../sidecar/types";

/** The engine measures each second; a measurement speaks for the time since the one before, with some patience for a busy machine. */
const COVERS_MS = 1_500;
/** How far the services of a job may be apart before the ones that are behind count as down. */
const APART_MS = 3_000;

const whole = v.pipe(v.number(), v.minValue(0));
const noteSchema = v.object({
  atMs: whole,
  restMs: whole,
  containers: v.record(v.string(), v.object({ atMs: whole, cpu: whole, network: whole, block: whole })),
});
/** Where the measurements were left: until when they are in the log, what is left of a second, and the counters of each container. */
export type MeterNote = v.InferOutput<typeof noteSchema>;

/** The note of a line; undefined for none or one of another version, after which metering begins anew. */
export function meterNote(line: JournalLine | undefined): MeterNote | undefined {
  const parsed = v.safeParse(noteSchema, line?.note);
  return parsed.success ? parsed.output : undefined;
}

export interface Measured {
  readonly entry: MeteringEntry;
  readonly note: MeterNote;
}

/** The first entry: nothing is used. @param atMs from when on measurements count, by the engine's clock */
export function firstEntry(jobId: bigint, atMs: number): Measured {
  return {
    entry: {
      jobId,
      index: 0,
      usedSeconds: 0,
      cpuNanoseconds: 0n,
      memoryByteSeconds: 0n,
      networkBytes: 0n,
      blockBytes: 0n,
      gpuMilliseconds: 0n,
    },
    note: { atMs, restMs: 0, containers: {} },
  };
}

/**
 * A second counts when every service of the job was measured in it.
 *
 * @param services all that the spec starts
 * @param servedSeconds seconds since the job's start by the chain's clock, at most its end; no more is ever counted
 * @returns undefined when there is nothing new
 */
export function nextEntry(
  before: MeteringEntry,
  note: MeterNote,
  measured: readonly ContainerMetrics[],
  services: readonly string[],
  servedSeconds: number,
): Measured | undefined {
  const covered = services.map((name) =>
    union(
      measured
        .filter(({ service }) => service === name)
        .flatMap(({ samples }) => samples)
        .filter(({ time_ms }) => time_ms > note.atMs)
        .map(({ time_ms }) => ({ from: Math.max(note.atMs, time_ms - COVERS_MS), to: time_ms })),
    ),
  );
  const newest = covered.map((spans) => spans.at(-1)?.to ?? note.atMs);
  const latest = Math.max(note.atMs, ...newest);
  const until = Math.max(Math.min(...newest), latest - APART_MS);
  if (until <= note.atMs) {
    return undefined;
  }
  const servedMs = covered
    .reduce(intersection)
    .reduce((sum, { from, to }) => sum + Math.max(0, Math.min(to, until) - from), note.restMs);
  const containers: Record<string, MeterNote["containers"][string]> = {};
  const sums = { cpu: 0n, memory: 0n, network: 0n, block: 0n };
  for (const { id, samples } of measured) {
    let last = note.containers[id];
    for (const sample of samples.toSorted((a, b) => a.time_ms - b.time_ms)) {
      if (sample.time_ms <= (last?.atMs ?? note.atMs)) {
        continue;
      }
      const now = countersOf(sample);
      // A container that was started again counts from zero; what ran before the first measurement was before the job.
      sums.cpu += rise(last?.cpu, now.cpu);
      sums.network += rise(last?.network, now.network);
      sums.block += rise(last?.block, now.block);
      const spanMs = Math.min(COVERS_MS, sample.time_ms - (last?.atMs ?? note.atMs));
      sums.memory += (BigInt(sample.memory_bytes) * BigInt(Math.round(spanMs))) / 1_000n;
      last = now;
    }
    if (last !== undefined) {
      containers[id] = last;
    }
  }
  const seconds = Math.floor(servedMs / 1_000);
  return {
    entry: {
      jobId: before.jobId,
      index: before.index + 1,
      usedSeconds: Math.max(before.usedSeconds, Math.min(before.usedSeconds + seconds, servedSeconds)),
      cpuNanoseconds: before.cpuNanoseconds + sums.cpu,
      memoryByteSeconds: before.memoryByteSeconds + sums.memory,
      networkBytes: before.networkBytes + sums.network,
      blockBytes: before.blockBytes + sums.block,
      gpuMilliseconds: before.gpuMilliseconds,
    },
    note: { atMs: until, restMs: servedMs - seconds * 1_000, containers },
  };
}

interface Span {
  readonly from: number;
  readonly to: number;
}

function union(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last === undefined || span.from > last.to) {
      merged.push(span);
    } else {
      merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, span.to) };
    }
  }
  return merged;
}

function intersection(one: readonly Span[], other: readonly Span[]): Span[] {
  return one.flatMap((a) =>
    other
      .map((b) => ({ from: Math.max(a.from, b.from), to: Math.min(a.to, b.to) }))
      .filter(({ from, to }) => to > from),
  );
}

function countersOf(sample: MetricsSample): MeterNote["containers"][string] {
  return {
    atMs: sample.time_ms,
    cpu: sample.cpu_ns,
    network: (sample.rx_bytes ?? 0) + (sample.tx_bytes ?? 0),
    block: sample.read_bytes + sample.write_bytes,
  };
}

function rise(before: number | undefined, now: number): bigint {
  return BigInt(before === undefined ? 0 : now >= before ? now - before : now);
}
