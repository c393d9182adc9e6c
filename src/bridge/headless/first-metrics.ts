import type { ZLayerClient } from "../sidecar/client";
import type { ContainerMetrics, DeploymentState } from "../sidecar/types";
import { size } from "../sidecar/words";

/** A container that is not measured within this many milliseconds is a failure. */
const PATIENCE_MS = 30_000;

/**
 * Prints one row of measurements for each container of a deployment.
 *
 * @throws Error when one of them is not measured in time
 */
export async function firstMetrics(
  client: ZLayerClient,
  deployment: DeploymentState,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const missing = new Set(deployment.services.flatMap((service) => service.replicas.map((replica) => replica.id)));
  const patience = AbortSignal.timeout(PATIENCE_MS);
  print(row(["container", "cpu time", "memory", "limit", "received", "sent", "pids"]));
  try {
    const either = AbortSignal.any([signal, patience]);
    for await (const metrics of client.metricsStream({ deployment: deployment.name, signal: either })) {
      if (missing.delete(metrics.id)) {
        print(row(columns(metrics)));
      }
      if (missing.size === 0) {
        return;
      }
    }
  } catch (error) {
    if (!patience.aborted) {
      throw error;
    }
  }
  throw new Error(`No measurement came for ${[...missing].join(", ")} within ${PATIENCE_MS / 1000} seconds.`);
}

function columns(metrics: ContainerMetrics): string[] {
  const sample = metrics.samples.at(-1);
  const limit = metrics.memory_limit_bytes;
  return [
    `${metrics.service}/${metrics.replica}`,
    `${((sample?.cpu_ns ?? 0) / 1e6).toFixed(1)} ms`,
    size(sample?.memory_bytes ?? 0),
    limit == null ? "no limit" : size(limit),
    size(sample?.rx_bytes ?? 0),
    size(sample?.tx_bytes ?? 0),
    String(sample?.pids ?? 0),
  ];
}

function row(cells: readonly string[]): string {
  return `  ${cells.map((cell, at) => (at === 0 ? cell.padEnd(16) : cell.padStart(10))).join("  ")}`;
}
