/** Counters and gauges of one container at one time. Absent: the engine does not measure it. */
export interface Sample {
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
  /** Nanoseconds of CPU time used so far. */
  readonly cpuNs: number;
  readonly memoryBytes: number;
  /** Bytes so far. */
  readonly rxBytes?: number;
  readonly txBytes?: number;
  readonly readBytes?: number;
  readonly writeBytes?: number;
}

/** What a chart shows at one time. `null`: not known. */
export interface Point {
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
  /** Millicores. */
  readonly cpu: number | null;
  /** Bytes. */
  readonly memory: number | null;
  /** Bytes a second. */
  readonly rx: number | null;
  readonly tx: number | null;
  readonly read: number | null;
  readonly write: number | null;
}

/** Samples that are further apart than this, in milliseconds, are not joined: nobody knows what happened between them. */
export const LONGEST_GAP_MS = 30_000;

/**
 * Turns the next sample of a container into points: the use since the sample before.
 *
 * A counter that went back was reset (the container was made anew, or the engine counts from the start of the process), and a
 * rate over a reset would be wrong, so it is `null`. After a gap an empty point comes first, which breaks the line. A sample
 * that is not newer than the one before says nothing and gives no point.
 */
export function toPoints(before: Sample | undefined, sample: Sample): Point[] {
  const unknown = { cpu: null, memory: null, rx: null, tx: null, read: null, write: null };
  if (before === undefined) {
    return [{ ...unknown, timeMs: sample.timeMs, memory: sample.memoryBytes }];
  }
  const ms = sample.timeMs - before.timeMs;
  if (ms <= 0) {
    return [];
  }
  if (ms > LONGEST_GAP_MS) {
    return [
      { ...unknown, timeMs: before.timeMs + 1_000 },
      { ...unknown, timeMs: sample.timeMs, memory: sample.memoryBytes },
    ];
  }
  const perSecond = (from: number | undefined, to: number | undefined): number | null =>
    from === undefined || to === undefined || to < from ? null : ((to - from) / ms) * 1_000;
  const cpuNs = perSecond(before.cpuNs, sample.cpuNs);
  return [
    {
      timeMs: sample.timeMs,
      cpu: cpuNs === null ? null : cpuNs / 1e6,
      memory: sample.memoryBytes,
      rx: perSecond(before.rxBytes, sample.rxBytes),
      tx: perSecond(before.txBytes, sample.txBytes),
      read: perSecond(before.readBytes, sample.readBytes),
      write: perSecond(before.writeBytes, sample.writeBytes),
    },
  ];
}
