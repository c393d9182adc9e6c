import type { MetricsTarget } from "../../protocol/webview-metrics";
import type { LogSource, Replica } from "../logs/log-source";
import { ApiError } from "../sidecar/api-error";
import type { ZLayerClient } from "../sidecar/client";
import { ndjson } from "../sidecar/streams";
import { open } from "../sidecar/transport";
import type { ContainerMetrics } from "../sidecar/types";
import { delay } from "../wait";
import type { ContainerSamples, MetricsSource } from "./metrics-source";

/** Statistics of a stock daemon, which come without history, network and block IO. */
const STOCK_LIMITATION =
  "This engine measures neither network nor block IO, and keeps no history: charts begin when the panel is opened.";

/** Pause before the statistics of a container are asked for again, in milliseconds. */
const REOPEN_MS = 2_000;

/** Anything above is how an engine says "no limit", in bytes. */
const NO_LIMIT = 2 ** 60;

/** Measurements of the engine's own metrics calls, or, where it has none, of ZLayer's container statistics. */
export class EngineMetrics implements MetricsSource {
  readonly #connect: (signal: AbortSignal) => Promise<ZLayerClient>;
  readonly #replicas: Pick<LogSource, "watchReplicas">;
  limitation = "";

  /**
   * @param connect Gives a client of the engine that runs; rejects when there is none.
   * @param replicas Tells which containers a target has, for an engine that does not.
   */
  constructor(connect: (signal: AbortSignal) => Promise<ZLayerClient>, replicas: Pick<LogSource, "watchReplicas">) {
    this.#connect = connect;
    this.#replicas = replicas;
  }

  async history(
    target: MetricsTarget,
    sinceMs: number,
    stepMs: number,
    signal: AbortSignal,
  ): Promise<ContainerSamples[]> {
    const client = await this.#connect(signal);
    try {
      const containers = await client.metrics({
        deployment: target.deployment,
        service: target.service,
        sinceMs,
        stepMs,
        signal,
      });
      this.limitation = "";
      return containers.filter((container) => isWanted(target, container.id)).map(fromSidecar);
    } catch (error) {
      if (!isNotServed(error)) {
        throw error;
      }
      this.limitation = STOCK_LIMITATION;
      return [];
    }
  }

  async *live(target: MetricsTarget, signal: AbortSignal): AsyncGenerator<ContainerSamples> {
    const client = await this.#connect(signal);
    if (this.limitation !== "") {
      yield* this.#stats(client, target, signal);
      return;
    }
    const stream = client.metricsStream({ deployment: target.deployment, service: target.service, signal });
    for await (const container of stream) {
      if (isWanted(target, container.id)) {
        yield fromSidecar(container);
      }
    }
  }

  /** Follows the statistics of every container that the target has, those that come later too. */
  async *#stats(client: ZLayerClient, target: MetricsTarget, signal: AbortSignal): AsyncGenerator<ContainerSamples> {
    const arrived: ContainerSamples[] = [];
    const running = new Map<string, AbortController>();
    let wake = (): void => {};
    let lost: Error | undefined;
    const unwatch = this.#replicas.watchReplicas(target, (listing) => {
      if (listing.kind === "unreachable") {
        lost = new Error(listing.reason);
        wake();
        return;
      }
      const wanted = new Map(listing.replicas.map((replica) => [replica.id, replica]));
      for (const [id, abort] of running) {
        if (!wanted.has(id)) {
          abort.abort();
          running.delete(id);
        }
      }
      for (const replica of wanted.values()) {
        if (!running.has(replica.id)) {
          const abort = new AbortController();
          running.set(replica.id, abort);
          followStats(client, replica, AbortSignal.any([signal, abort.signal]), (samples) => {
            arrived.push(samples);
            wake();
          }).catch((error: unknown) => {
            lost = error instanceof Error ? error : new Error(String(error));
            wake();
          });
        }
      }
    });
    const onAbort = (): void => wake();
    signal.addEventListener("abort", onAbort);
    try {
      while (!signal.aborted && lost === undefined) {
        yield* arrived.splice(0);
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (arrived.length > 0 || lost !== undefined || signal.aborted) {
            resolve();
          }
        });
      }
      if (lost !== undefined) {
        throw lost;
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
      unwatch();
      for (const abort of running.values()) {
        abort.abort();
      }
    }
  }
}

/** One line of `GET /api/v1/containers/{id}/stats?stream=true`. */
interface StatsLine {
  readonly cpu_usage_usec?: unknown;
  readonly memory_bytes?: unknown;
  readonly memory_limit?: unknown;
}

/** Follows one container until aborted. When it ends or starts anew, so does its stream, which is then opened again. */
async function followStats(
  client: ZLayerClient,
  replica: Replica,
  signal: AbortSignal,
  onSamples: (samples: ContainerSamples) => void,
): Promise<void> {
  const path = `/api/v1/containers/${encodeURIComponent(replica.id)}/stats?stream=true`;
  while (!signal.aborted) {
    try {
      const body = await open(client.endpoint, { method: "GET", path, signal });
      for await (const line of ndjson<StatsLine>(body, `the statistics of ${replica.id}`)) {
        const { cpu_usage_usec: cpu, memory_bytes: memory, memory_limit: limit } = line;
        if (typeof cpu === "number" && typeof memory === "number") {
          onSamples({
            id: replica.id,
            service: replica.service,
            replica: replica.index,
            ...(typeof limit === "number" && limit > 0 && limit < NO_LIMIT ? { memoryLimit: limit } : {}),
            samples: [{ timeMs: Date.now(), cpuNs: cpu * 1_000, memoryBytes: memory }],
          });
        }
      }
    } catch (error) {
      if (!signal.aborted && !(error instanceof ApiError)) {
        throw error;
      }
    }
    await delay(REOPEN_MS, signal).catch(() => undefined);
  }
}

function fromSidecar(container: ContainerMetrics): ContainerSamples {
  const { id, service, replica, cpu_limit_millicores: cpuLimit, memory_limit_bytes: memoryLimit } = container;
  return {
    id,
    service,
    replica,
    ...(typeof cpuLimit === "number" ? { cpuLimit } : {}),
    ...(typeof memoryLimit === "number" ? { memoryLimit } : {}),
    samples: container.samples.map((sample) => ({
      timeMs: sample.time_ms,
      cpuNs: sample.cpu_ns,
      memoryBytes: sample.memory_bytes,
      rxBytes: sample.rx_bytes,
      txBytes: sample.tx_bytes,
      readBytes: sample.read_bytes,
      writeBytes: sample.write_bytes,
    })),
  };
}

function isWanted(target: MetricsTarget, id: string): boolean {
  return target.replica === undefined || target.replica === id;
}

/** A stock daemon has no such path, and a sidecar may say that it does not serve it. */
function isNotServed(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 404 || error.status === 501);
}
