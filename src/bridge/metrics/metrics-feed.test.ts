import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { MetricsHostMessage } from "../../protocol/webview-metrics";
import { MetricsFeed } from "./metrics-feed";
import type { ContainerSamples, MetricsSource } from "./metrics-source";

const NOW = 10_000_000;

function samples(times: number[]): ContainerSamples {
  return {
    id: "web-0",
    service: "web",
    replica: 0,
    samples: times.map((timeMs) => ({ timeMs, cpuNs: timeMs * 1_000, memoryBytes: 1 })),
  };
}

let messages: MetricsHostMessage[];
let feed: MetricsFeed | undefined;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  messages = [];
});
afterEach(() => {
  feed?.dispose();
  vi.useRealTimers();
});

/** An engine that ends its first stream after a sample. */
function flakySource(): MetricsSource & { failing: boolean } {
  let streams = 0;
  return {
    limitation: "no network",
    failing: false,
    history(_target, sinceMs, stepMs) {
      if (this.failing) {
        return Promise.reject(new Error("nothing is listening"));
      }
      return Promise.resolve(
        stepMs > 1_000 ? [samples([sinceMs + 5_000, sinceMs + 10_000])] : [samples([NOW - 2_000, NOW - 1_000])],
      );
    },
    async *live(_target, signal) {
      streams += 1;
      yield samples([Date.now()]);
      if (streams > 1) {
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      }
    },
  };
}

const of = <T extends MetricsHostMessage["type"]>(type: T) =>
  messages.filter((message): message is Extract<MetricsHostMessage, { type: T }> => message.type === type);

describe("MetricsFeed", () => {
  it("sends the history, then what follows, and comes back after the stream broke", async () => {
    feed = new MetricsFeed(flakySource(), { deployment: "shop" }, (message) => messages.push(message));
    await vi.advanceTimersByTimeAsync(0);
    expect(of("history").at(-1)?.containers[0]?.points.times).toHaveLength(5);
    await vi.advanceTimersByTimeAsync(300);
    expect(of("points")[0]?.containers[0]?.points.times).toEqual([NOW]);
    expect(of("status").some(({ connection }) => connection === "lost")).toBe(true);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(of("status").at(-1)).toMatchObject({ connection: "live", message: "", limitation: "no network" });
    // Nothing twice: the history that was read again held only what was known.
    const times = of("history").at(-1)?.containers[0]?.points.times ?? [];
    expect(new Set(times).size).toBe(times.length);
  });

  it("says why there is nothing", async () => {
    const source = flakySource();
    source.failing = true;
    feed = new MetricsFeed(source, { deployment: "shop" }, (message) => messages.push(message));
    await vi.advanceTimersByTimeAsync(10);
    feed.ready();
    expect(of("init").at(-1)?.title).toBe("shop");
    expect(of("status").at(-1)).toMatchObject({ connection: "lost", message: "nothing is listening" });
  });
});
