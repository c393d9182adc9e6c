import type { MetricsTarget } from "../../protocol/webview-metrics";
import type { Sample } from "./rates";

/** Samples of one container, in order of time. */
export interface ContainerSamples {
  /** Container id. */
  readonly id: string;
  readonly service: string;
  /** Number within the service, from 0. */
  readonly replica: number;
  /** Millicores. Absent: no limit. */
  readonly cpuLimit?: number;
  /** Bytes. Absent: no limit. */
  readonly memoryLimit?: number;
  readonly samples: readonly Sample[];
}

/** Measurements, from whichever engine answers. */
export interface MetricsSource {
  /**
   * What was measured since `sinceMs` (milliseconds since the Unix epoch), at most one sample every `stepMs` milliseconds.
   * Empty when the engine keeps no history. Rejects when it cannot be reached.
   */
  history(target: MetricsTarget, sinceMs: number, stepMs: number, signal: AbortSignal): Promise<ContainerSamples[]>;
  /** Measurements from now on, about one a container and second. Rejects when the connection breaks. */
  live(target: MetricsTarget, signal: AbortSignal): AsyncIterable<ContainerSamples>;
  /** What this engine cannot tell, for the user; empty when it tells everything. Known once `history` resolved. */
  readonly limitation: string;
}
