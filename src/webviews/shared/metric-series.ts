import { METRICS, type Metric, type MetricsContainer, type MetricsGrouping } from "../../protocol/webview-metrics";

/** The last hour, in milliseconds; older points are dropped. */
const KEPT_MS = 3_600_000;
/** A point stands for its container for so long, in seconds, when values are summed. */
const HOLDS_S = 8;

/** Lines of a chart: one for each replica, or one for each service. */
export interface Group {
  /** `web/0` or `web`. */
  readonly name: string;
  readonly color: number;
  readonly containers: readonly MetricsContainer[];
}

/** Values of several lines at the same times. `undefined`: nothing was measured at that time; `null`: the line is broken. */
export interface Aligned {
  /** Seconds since the Unix epoch. */
  readonly times: number[];
  /** One array for each group and, within it, each metric. */
  readonly values: (number | null | undefined)[][];
}

/** The points of all containers, as the host sent them. */
export class MetricsModel {
  readonly #containers = new Map<string, MetricsContainer>();

  /** Replaces everything. */
  reset(containers: readonly MetricsContainer[]): void {
    this.#containers.clear();
    this.append(containers);
  }

  /** Adds points that follow those that are there. */
  append(containers: readonly MetricsContainer[]): void {
    for (const container of containers) {
      const known = this.#containers.get(container.id);
      if (known === undefined) {
        this.#containers.set(container.id, container);
        continue;
      }
      known.points.times.push(...container.points.times);
      for (const metric of METRICS) {
        known.points[metric].push(...container.points[metric]);
      }
      this.#containers.set(container.id, { ...container, points: known.points });
      dropOld(known);
    }
  }

  /** Time of the newest point in milliseconds since the Unix epoch; 0 when there is none. */
  get newest(): number {
    return Math.max(0, ...[...this.#containers.values()].map(({ points }) => points.times.at(-1) ?? 0));
  }

  groups(grouping: MetricsGrouping): Group[] {
    const sorted = [...this.#containers.values()].sort(
      (a, b) =>
        a.service.localeCompare(b.service) ||
        a.replica - b.replica ||
        (a.points.times[0] ?? 0) - (b.points.times[0] ?? 0),
    );
    const groups = new Map<string, { name: string; color: number; containers: MetricsContainer[] }>();
    for (const container of sorted) {
      const name = grouping === "service" ? container.service : `${container.service}/${container.replica}`;
      const group = groups.get(name);
      if (group === undefined) {
        groups.set(name, { name, color: container.color, containers: [container] });
      } else {
        group.containers.push(container);
      }
    }
    return [...groups.values()];
  }
}

/**
 * Puts the values of groups side by side, at whole seconds. The values of a group's containers are summed; each container's
 * last value counts until its next one.
 *
 * @param from, to Seconds since the Unix epoch; one point on either side is included, so that lines reach the edges.
 */
export function align(groups: readonly Group[], metrics: readonly Metric[], from: number, to: number): Aligned {
  const seconds = new Set<number>();
  for (const { containers } of groups) {
    for (const { points } of containers) {
      for (let at = firstAfter(points.times, (from - HOLDS_S) * 1_000); at < points.times.length; at += 1) {
        const second = Math.round((points.times[at] ?? 0) / 1_000);
        if (second > to + HOLDS_S) {
          break;
        }
        seconds.add(second);
      }
    }
  }
  const times = [...seconds].sort((a, b) => a - b);
  const values = groups.flatMap(({ containers }) =>
    metrics.map((metric) =>
      containers.length === 1 && containers[0] !== undefined
        ? lineOf(containers[0], metric, times)
        : sumOf(containers, metric, times),
    ),
  );
  return { times, values };
}

function lineOf({ points }: MetricsContainer, metric: Metric, times: readonly number[]): (number | null | undefined)[] {
  const column = points[metric];
  let at = firstAfter(points.times, ((times[0] ?? 0) - 1) * 1_000);
  return times.map((time) => {
    let value: number | null | undefined;
    while (at < points.times.length && Math.round((points.times[at] ?? 0) / 1_000) <= time) {
      value = Math.round((points.times[at] ?? 0) / 1_000) === time ? column[at] : undefined;
      at += 1;
    }
    return value;
  });
}

function sumOf(containers: readonly MetricsContainer[], metric: Metric, times: readonly number[]): (number | null)[] {
  const sums: (number | null)[] = times.map(() => null);
  for (const { points } of containers) {
    const column = points[metric];
    let at = -1;
    times.forEach((time, index) => {
      while (at + 1 < points.times.length && Math.round((points.times[at + 1] ?? 0) / 1_000) <= time) {
        at += 1;
      }
      const value = column[at];
      if (at >= 0 && typeof value === "number" && time - (points.times[at] ?? 0) / 1_000 <= HOLDS_S) {
        sums[index] = (sums[index] ?? 0) + value;
      }
    });
  }
  return sums;
}

/** The newest value of a group that is not older than `HOLDS_S` seconds before `nowMs`; `null` when there is none. */
export function latest({ containers }: Group, metric: Metric, nowMs: number): number | null {
  let sum: number | null = null;
  for (const { points } of containers) {
    const value = points[metric].at(-1);
    if (typeof value === "number" && nowMs - (points.times.at(-1) ?? 0) <= HOLDS_S * 1_000) {
      sum = (sum ?? 0) + value;
    }
  }
  return sum;
}

/** The limit of a group: the sum over its containers that still report; `null` when one of them has none. */
export function limitOf({ containers }: Group, limit: "cpuLimit" | "memoryLimit", nowMs: number): number | null {
  const present = containers.filter(({ points }) => nowMs - (points.times.at(-1) ?? 0) <= HOLDS_S * 1_000);
  let sum: number | null = null;
  for (const container of present) {
    const value = container[limit];
    if (value === null) {
      return null;
    }
    sum = (sum ?? 0) + value;
  }
  return sum;
}

function dropOld({ points }: MetricsContainer): void {
  const oldest = (points.times.at(-1) ?? 0) - KEPT_MS;
  const gone = firstAfter(points.times, oldest);
  // Not at every point: the arrays are moved.
  if (gone > 300) {
    points.times.splice(0, gone);
    for (const metric of METRICS) {
      points[metric].splice(0, gone);
    }
  }
}

/** Index of the first time that is not before `timeMs`. */
function firstAfter(times: readonly number[], timeMs: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < timeMs) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
