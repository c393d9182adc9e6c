import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { MetricsFeed } from "../../src/bridge/metrics/metrics-feed";
import type { ContainerSamples, MetricsSource } from "../../src/bridge/metrics/metrics-source";
import type { Sample } from "../../src/bridge/metrics/rates";
import { parseMessage } from "../../src/protocol/webview-message";
import { type MetricsViewMessage, metricsViewMessage } from "../../src/protocol/webview-metrics";
import { accessibilityViolations } from "./accessibility";
import { type ThemeName, themeNames, WebviewHarness, type WebviewPage } from "./harness";

/** Directory for pictures of what the tests see; none are taken without it. */
const shots = process.env["WEBVIEW_SHOTS"];
const MIB = 1024 * 1024;

let harness: WebviewHarness;
let view: WebviewPage;
let feed: MetricsFeed | undefined;

beforeAll(async () => {
  harness = await WebviewHarness.start();
  if (shots !== undefined) {
    mkdirSync(shots, { recursive: true });
  }
});
afterAll(() => harness.stop());
afterEach(async () => {
  feed?.dispose();
  feed = undefined;
  await view.page.context().close();
});

/** A container whose use goes up and down; counters since an hour ago. */
class FakeContainer {
  #sample: Sample;

  constructor(
    readonly service: string,
    readonly replica: number,
    private readonly load: number,
    startMs: number,
  ) {
    this.#sample = { timeMs: startMs, cpuNs: 0, memoryBytes: 0, rxBytes: 0, txBytes: 0, readBytes: 0, writeBytes: 0 };
  }

  /** The next sample, `ms` milliseconds later. */
  next(ms: number): Sample {
    const before = this.#sample;
    const phase = before.timeMs / 40_000 + this.replica * 2.1;
    const use = this.load * (0.6 + 0.3 * Math.sin(phase) + 0.1 * Math.sin(phase * 7.3));
    const more = (counter: number | undefined, perSecond: number): number =>
      (counter ?? 0) + Math.round((perSecond * ms) / 1_000);
    this.#sample = {
      timeMs: before.timeMs + ms,
      cpuNs: before.cpuNs + Math.round(use * ms * 1_000),
      memoryBytes: Math.round((60 + this.load / 10 + 12 * Math.sin(phase / 5)) * MIB),
      rxBytes: more(before.rxBytes, use * 700),
      txBytes: more(before.txBytes, use * 2_100),
      readBytes: more(before.readBytes, Math.max(0, Math.sin(phase / 2)) * use * 900),
      writeBytes: more(before.writeBytes, use * 300),
    };
    return this.#sample;
  }

  samples(count: number, stepMs: number): ContainerSamples {
    return {
      id: `${this.service}-${this.replica}`,
      service: this.service,
      replica: this.replica,
      cpuLimit: 500,
      memoryLimit: 256 * MIB,
      samples: Array.from({ length: count }, () => this.next(stepMs)),
    };
  }
}

/** An engine that a test makes measure. */
class FakeMetrics implements MetricsSource {
  limitation = "";
  reachable = true;
  readonly #containers: readonly FakeContainer[];
  #emit: ((samples: ContainerSamples | undefined) => void) | undefined;

  constructor(containers: readonly FakeContainer[]) {
    this.#containers = containers;
  }

  history(_target: unknown, _sinceMs: number, stepMs: number): Promise<ContainerSamples[]> {
    if (!this.reachable) {
      return Promise.reject(new Error("Nothing listens at the engine's socket"));
    }
    return Promise.resolve(stepMs > 1_000 ? this.#containers.map((container) => container.samples(720, 5_000)) : []);
  }

  measure(): void {
    for (const container of this.#containers) {
      this.#emit?.(container.samples(1, 1_000));
    }
  }

  async *live(_target: unknown, signal: AbortSignal): AsyncGenerator<ContainerSamples> {
    const waiting: (ContainerSamples | undefined)[] = [];
    let wake = (): void => {};
    this.#emit = (samples) => {
      waiting.push(samples);
      wake();
    };
    signal.addEventListener("abort", () => this.#emit?.(undefined));
    for (;;) {
      if (waiting.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const next = waiting.shift();
      if (next === undefined) {
        return;
      }
      yield next;
    }
  }
}

const hourAgo = () => Date.now() - 3_600_000;
const shop = () => {
  const start = hourAgo();
  return new FakeMetrics([
    new FakeContainer("web", 0, 320, start),
    new FakeContainer("web", 1, 210, start),
    new FakeContainer("web", 2, 120, start),
  ]);
};

async function openPanel(
  source: FakeMetrics,
  options: { theme?: ThemeName; width?: number; height?: number; state?: unknown } = {},
): Promise<MetricsViewMessage[]> {
  const received: MetricsViewMessage[] = [];
  let ready = (): void => {};
  const isReady = new Promise<void>((resolve) => {
    ready = resolve;
  });
  view = await harness.open("metrics", { height: 680, ...options }, (value) => {
    const parsed = parseMessage(metricsViewMessage, value);
    if (!parsed.ok) {
      throw new Error(parsed.problem);
    }
    received.push(parsed.message);
    if (parsed.message.type === "ready") {
      ready();
    }
  });
  await isReady;
  feed = new MetricsFeed(
    source,
    { deployment: "shop", service: "web" },
    (message) => void view.post(message).catch(() => undefined),
  );
  feed.ready();
  await view.page.locator(".toolbar").waitFor();
  return received;
}

async function shoot(name: string): Promise<void> {
  if (shots !== undefined) {
    await view.page.screenshot({ path: join(shots, `metrics-${name}.png`) });
  }
}

const legend = () => view.page.locator(".legend .chip");
const lastCell = (row: string, column: number) =>
  view.page.locator(".values tr", { hasText: row }).locator("td").nth(column);

describe("metrics panel", () => {
  it.each(themeNames)("can be read by everybody in the theme %s", async (theme) => {
    const source = shop();
    await openPanel(source, { theme });
    await view.page.locator(".u-over").first().waitFor();
    source.measure();
    await view.page.getByText("Live", { exact: true }).waitFor();
    await view.page
      .locator(".u-over")
      .first()
      .hover({ position: { x: 240, y: 60 } });
    await view.page.locator(".readout:visible").waitFor();
    await shoot(theme);
    expect(await accessibilityViolations(view.page)).toEqual([]);
    expect(view.faults).toEqual([]);
  });

  it("says what it waits for, and what went wrong", async () => {
    const source = new FakeMetrics([]);
    await openPanel(source);
    await view.page.locator(".placeholder", { hasText: "Waiting for a container of shop/web to run" }).waitFor();
    await shoot("empty");
    expect(await accessibilityViolations(view.page)).toEqual([]);
    feed?.dispose();
    await view.page.context().close();
    const gone = new FakeMetrics([]);
    gone.reachable = false;
    await openPanel(gone);
    await view.page.locator(".placeholder", { hasText: "Nothing listens" }).waitFor();
    await view.page.getByText("Reconnecting…").waitFor();
  });

  it("shows current values in a table, one row a replica or one a service", async () => {
    const source = shop();
    await openPanel(source);
    await view.page.getByRole("button", { name: "Show the current values as a table" }).click();
    await lastCell("web/0", 0)
      .filter({ hasText: /mcores/ })
      .waitFor();
    expect(await lastCell("web/0", 1).textContent()).toBe("500 mcores");
    expect(await lastCell("web/2", 3).textContent()).toBe("256 MiB");
    expect(await view.page.locator(".values tbody tr").count()).toBe(3);
    await shoot("table");
    await view.page.getByRole("button", { name: "Sum" }).click();
    await lastCell("web", 1).filter({ hasText: "1.5 cores" }).waitFor();
    expect(await lastCell("web", 3).textContent()).toBe("768 MiB");
    expect(await legend().allTextContents()).toEqual(["web"]);
    await shoot("sum");
    expect(await accessibilityViolations(view.page)).toEqual([]);
  });

  it("reads out the values under the pointer, without the lines that are switched off", async () => {
    const source = shop();
    await openPanel(source);
    await legend().filter({ hasText: "web/1" }).click();
    await view.page
      .locator(".u-over")
      .first()
      .hover({ position: { x: 200, y: 50 } });
    await view.page.locator(".readout:visible").waitFor();
    const readout = await view.page.locator(".readout:visible").textContent();
    expect(readout).toMatch(/web\/0[\d.]+ mcores/);
    expect(readout).not.toContain("web/1");
    expect(await legend().filter({ hasText: "web/1" }).getAttribute("aria-pressed")).toBe("false");
  });

  it("moves and zooms by mouse and keyboard, and goes live again", async () => {
    await openPanel(shop());
    const plot = view.page.locator(".u-over").first();
    await plot.waitFor();
    const box = await plot.boundingBox();
    if (box === null) {
      throw new Error("The chart has no size.");
    }
    await view.page.mouse.move(box.x + 50, box.y + 50);
    await view.page.mouse.down();
    await view.page.mouse.move(box.x + 250, box.y + 50, { steps: 4 });
    await view.page.mouse.up();
    const live = view.page.getByRole("button", { name: "Go live" });
    await live.waitFor();
    await shoot("earlier");
    await live.click();
    await expect.poll(() => live.isVisible()).toBe(false);
    await view.page.locator(".plot").first().focus();
    await view.page.keyboard.press("ArrowLeft");
    await live.waitFor();
    await view.page.keyboard.press("End");
    await expect.poll(() => live.isVisible()).toBe(false);
    await view.page.getByRole("button", { name: "1h" }).click();
    await view.page.getByRole("button", { name: "1h", pressed: true }).waitFor();
    await shoot("hour");
  });

  it("fits a narrow panel, and keeps what was chosen across a tab switch", async () => {
    await openPanel(shop(), { width: 380, height: 800 });
    await view.page.locator(".u-over").first().waitFor();
    await view.page.getByRole("button", { name: "15m" }).click();
    await legend().filter({ hasText: "web/2" }).click();
    await shoot("narrow");
    const overflow = await view.page.evaluate(() => document.querySelector(".content")?.scrollWidth ?? 0);
    expect(overflow).toBeLessThanOrEqual(380);
    const state = await view.page.evaluate(() => (window as unknown as { savedState(): unknown }).savedState());
    feed?.dispose();
    await view.page.context().close();
    await openPanel(shop(), { state });
    await view.page.getByRole("button", { name: "15m", pressed: true }).waitFor();
    await expect.poll(() => legend().filter({ hasText: "web/2" }).getAttribute("aria-pressed")).toBe("false");
  });

  it("draws anew in the colours of another theme", async () => {
    await openPanel(shop(), { theme: "dark" });
    await view.page.locator(".u-over").first().waitFor();
    const swatch = () =>
      view.page
        .locator(".chip .swatch")
        .first()
        .evaluate((element) => getComputedStyle(element).backgroundColor);
    const dark = await swatch();
    await view.setTheme("light");
    await expect.poll(swatch).not.toBe(dark);
    await shoot("switched");
    expect(await accessibilityViolations(view.page)).toEqual([]);
  });
});
