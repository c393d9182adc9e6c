import type { MetricsContainer, MetricsPoints } from "../../protocol/webview-metrics";
import { pickReplicaColor } from "../replica-color";
import type { ContainerSamples } from "./metrics-source";
import { type Point, type Sample, toPoints } from "./rates";

/** How far back points are kept, in milliseconds. */
export const HISTORY_MS = 3_600_000;
/** Points that are older than this, in milliseconds, are thinned to one every `COARSE_STEP_MS`. */
const FINE_MS = 600_000;
const COARSE_STEP_MS = 5_000;
/** How many points are dropped or thinned at once. */
const TIDY_EVERY = 120;

interface Entry {
  id: string;
  service: string;
  replica: number;
  color: number;
  cpuLimit: number | null;
  memoryLimit: number | null;
  last: Sample | undefined;
  points: Point[];
  /** Points that were there when the store was tidied. */
  tidied: number;
}

/** The last hour of each container of a target. Memory is bounded: about 1,200 points a container. */
export class MetricsStore {
  readonly #entries = new Map<string, Entry>();

  /** Adds samples and returns the points that they make; `undefined` when they make none. */
  add(container: ContainerSamples): MetricsContainer | undefined {
    const entry = this.#entry(container);
    const added: Point[] = [];
    for (const sample of container.samples) {
      const points = toPoints(entry.last, sample);
      if (points.length > 0) {
        entry.last = sample;
        added.push(...points);
      }
    }
    if (added.length === 0) {
      return undefined;
    }
    entry.points.push(...added);
    if (entry.points.length > entry.tidied + TIDY_EVERY) {
      tidy(entry);
    }
    return toMessage(entry, added);
  }

  /** Everything that is kept. */
  all(): MetricsContainer[] {
    return [...this.#entries.values()].map((entry) => toMessage(entry, entry.points));
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Forgets containers without a point in the last hour. */
  forgetOld(nowMs: number): void {
    for (const [id, entry] of this.#entries) {
      if ((entry.points.at(-1)?.timeMs ?? 0) < nowMs - HISTORY_MS) {
        this.#entries.delete(id);
      }
    }
  }

  #entry({ id, service, replica, cpuLimit, memoryLimit }: ContainerSamples): Entry {
    let entry = this.#entries.get(id);
    if (entry === undefined) {
      const taken = new Set([...this.#entries.values()].map(({ color }) => color));
      const color = pickReplicaColor(service, replica, taken);
      entry = {
        id,
        service,
        replica,
        color,
        cpuLimit: null,
        memoryLimit: null,
        last: undefined,
        points: [],
        tidied: 0,
      };
      this.#entries.set(id, entry);
    }
    entry.cpuLimit = cpuLimit ?? null;
    entry.memoryLimit = memoryLimit ?? null;
    return entry;
  }
}

function tidy(entry: Entry): void {
  const now = entry.points.at(-1)?.timeMs ?? 0;
  let kept = 0;
  entry.points = entry.points.filter((point) => {
    if (point.timeMs < now - HISTORY_MS) {
      return false;
    }
    // An empty point breaks the line and stays.
    if (point.timeMs < now - FINE_MS && point.memory !== null && point.timeMs - kept < COARSE_STEP_MS) {
      return false;
    }
    kept = point.timeMs;
    return true;
  });
  entry.tidied = entry.points.length;
}

function toMessage(entry: Entry, points: readonly Point[]): MetricsContainer {
  const { id, service, replica, color, cpuLimit, memoryLimit } = entry;
  const columns: MetricsPoints = { times: [], cpu: [], memory: [], rx: [], tx: [], read: [], write: [] };
  for (const point of points) {
    columns.times.push(point.timeMs);
    columns.cpu.push(point.cpu);
    columns.memory.push(point.memory);
    columns.rx.push(point.rx);
    columns.tx.push(point.tx);
    columns.read.push(point.read);
    columns.write.push(point.write);
  }
  return { id, service, replica, color, cpuLimit, memoryLimit, points: columns };
}
