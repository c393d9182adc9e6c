import type { LogStreams, LogTarget } from "../../protocol/webview-logs";

/** One container of a service. */
export interface Replica {
  /** Container id. */
  readonly id: string;
  readonly service: string;
  /** Number within the service, from 0. */
  readonly index: number;
}

/** What of a container's log is wanted. */
export interface LogQuery {
  readonly follow: boolean;
  /** Only the last lines of what is there now. Absent: all. */
  readonly tail?: number;
  /** Earliest time, in milliseconds since the Unix epoch. The engine may round it down to a second. */
  readonly sinceMs?: number;
  readonly streams: LogStreams;
}

/** The replicas of a target, or why they are not known now. */
export type ReplicaListing =
  | { readonly kind: "known"; readonly replicas: readonly Replica[] }
  /** The engine cannot be reached; `reason` is for the user. */
  | { readonly kind: "unreachable"; readonly reason: string };

/** Where log lines come from: the REST API of the engine. */
export interface LogSource {
  /** Tells the replicas of `target` now and after each change, until the returned function is called. */
  watchReplicas(target: LogTarget, listener: (listing: ReplicaListing) => void): () => void;
  /**
   * Opens a container's log: NDJSON, one `{stream, timestamp?, data | data_b64}` a line.
   * Rejects when the engine refuses or cannot be reached; the iteration rejects when the connection breaks.
   */
  openLog(containerId: string, query: LogQuery, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

/** `web/0`: what the user reads for a replica. */
export function replicaName(replica: Replica): string {
  return `${replica.service}/${replica.index}`;
}
