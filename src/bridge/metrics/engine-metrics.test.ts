import { afterEach, describe, expect, it } from "vitest";
import { FakeLogs } from "../logs/testing";
import { ZLayerClient } from "../sidecar/client";
import { type Handler, sendJson, serveOnSocket, type TestServer } from "../sidecar/testing";
import { EngineMetrics } from "./engine-metrics";
import type { ContainerSamples } from "./metrics-source";

let server: TestServer | undefined;
let abort = new AbortController();

afterEach(async () => {
  abort.abort();
  abort = new AbortController();
  await server?.close();
});

async function metricsOf(handler: Handler, replicas = new FakeLogs()): Promise<EngineMetrics> {
  server = await serveOnSocket(handler);
  const client = new ZLayerClient(server.endpoint);
  return new EngineMetrics(() => Promise.resolve(client), replicas);
}

async function take(source: AsyncIterable<ContainerSamples>, count: number): Promise<ContainerSamples[]> {
  const taken: ContainerSamples[] = [];
  for await (const samples of source) {
    taken.push(samples);
    if (taken.length === count) {
      break;
    }
  }
  return taken;
}

const target = { deployment: "shop", service: "web" };
const sample = {
  time_ms: 5,
  cpu_ns: 1,
  memory_bytes: 2,
  rx_bytes: 3,
  tx_bytes: 4,
  read_bytes: 6,
  write_bytes: 7,
  pids: 1,
};
const container = (id: string, replica: number) => ({
  id,
  deployment: "shop",
  service: "web",
  replica,
  cpu_limit_millicores: 500,
  memory_limit_bytes: null,
  samples: [sample],
});
const expected = (id: string, replica: number) => ({
  id,
  service: "web",
  replica,
  cpuLimit: 500,
  samples: [{ timeMs: 5, cpuNs: 1, memoryBytes: 2, rxBytes: 3, txBytes: 4, readBytes: 6, writeBytes: 7 }],
});

describe("EngineMetrics", () => {
  it("reads the sidecar's history and stream of a target", async () => {
    const asked: string[] = [];
    const metrics = await metricsOf((request, response) => {
      asked.push(request.url ?? "");
      if (request.url?.startsWith("/sidecar/v1/metrics/stream")) {
        response.write(`${JSON.stringify(container("a", 0))}\n${JSON.stringify(container("b", 1))}\n`);
      } else {
        sendJson(response, 200, [container("a", 0), container("b", 1)]);
      }
    });
    expect(await metrics.history(target, 100, 5_000, abort.signal)).toEqual([expected("a", 0), expected("b", 1)]);
    expect(await take(metrics.live({ ...target, replica: "b" }, abort.signal), 1)).toEqual([expected("b", 1)]);
    expect(asked[0]).toContain("deployment=shop");
    expect(asked[0]).toContain("since_ms=100");
    expect(metrics.limitation).toBe("");
  });

  it.each([404, 501])(
    "follows container statistics where metrics answer %d, and says what is missing",
    async (status) => {
      const replicas = new FakeLogs();
      replicas.setReplicas({ id: "c/1", service: "web", index: 0 });
      const metrics = await metricsOf((request, response) => {
        if (request.url === "/api/v1/containers/c%2F1/stats?stream=true") {
          const line = { id: "c/1", cpu_usage_usec: 2_000, memory_bytes: 10, memory_limit: 64, memory_percent: 1 };
          response.write(
            `${JSON.stringify(line)}\n${JSON.stringify({ ...line, memory_limit: 1.8446744073709552e19 })}\n`,
          );
        } else {
          sendJson(response, status, { error: "no such path", code: "not-served" });
        }
      }, replicas);
      expect(await metrics.history(target, 0, 1_000, abort.signal)).toEqual([]);
      expect(metrics.limitation).toMatch(/neither network nor block IO/);
      const [first, second] = await take(metrics.live(target, abort.signal), 2);
      expect(first).toMatchObject({ id: "c/1", memoryLimit: 64, samples: [{ cpuNs: 2_000_000, memoryBytes: 10 }] });
      expect(second?.memoryLimit).toBeUndefined();
    },
  );

  it("fails when the engine does", async () => {
    const metrics = await metricsOf((_request, response) => sendJson(response, 500, { error: "disk full", code: "x" }));
    await expect(metrics.history(target, 0, 1_000, abort.signal)).rejects.toThrow("disk full");
  });

  it("ends when it is aborted, and when the engine is lost", async () => {
    const replicas = new FakeLogs();
    const metrics = await metricsOf(
      (_request, response) => sendJson(response, 404, { error: "no", code: "x" }),
      replicas,
    );
    await metrics.history(target, 0, 1_000, abort.signal);
    const waiting = take(metrics.live(target, abort.signal), 1);
    setImmediate(() => abort.abort());
    expect(await waiting).toEqual([]);
    replicas.setListing({ kind: "unreachable", reason: "the engine ended" });
    await expect(take(metrics.live(target, new AbortController().signal), 1)).rejects.toThrow("the engine ended");
  });
});
