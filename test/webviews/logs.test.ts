import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { LogFeed } from "../../src/bridge/logs/log-feed";
import { FakeLogs, record } from "../../src/bridge/logs/testing";
import { defaultLogOptions, type LogsViewMessage, logsViewMessage } from "../../src/protocol/webview-logs";
import { parseMessage } from "../../src/protocol/webview-message";
import { accessibilityViolations } from "./accessibility";
import { type ThemeName, themeNames, WebviewHarness, type WebviewPage } from "./harness";

/** Directory for pictures of what the tests see; none are taken without it. */
const shots = process.env["WEBVIEW_SHOTS"];
const NOON = new Date(2026, 4, 3, 12, 0, 0).getTime();
const replica = (service: string, index: number) => ({ id: `${service}-${index}`, service, index });

let harness: WebviewHarness;
let view: WebviewPage;
let feed: LogFeed | undefined;

beforeAll(async () => {
  harness = await WebviewHarness.start();
  if (shots !== undefined) {
    mkdirSync(shots, { recursive: true });
  }
});
afterAll(() => harness.stop());
afterEach(async () => {
  feed?.dispose();
  await view.page.context().close();
});

interface Opened {
  readonly logs: FakeLogs;
  readonly received: LogsViewMessage[];
}

async function openPane(
  options: { theme?: ThemeName; width?: number; height?: number; capacity?: number; state?: unknown } = {},
): Promise<Opened> {
  const logs = new FakeLogs();
  const received: LogsViewMessage[] = [];
  let ready = (): void => {};
  const isReady = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const request = {
    source: logs,
    target: { deployment: "shop" },
    options: defaultLogOptions,
    capacity: options.capacity ?? 50_000,
  };
  view = await harness.open("logs", options, (value) => {
    const parsed = parseMessage(logsViewMessage, value);
    if (!parsed.ok) {
      throw new Error(parsed.problem);
    }
    received.push(parsed.message);
    if (parsed.message.type === "ready") {
      ready();
    }
    if (parsed.message.type !== "save" && parsed.message.type !== "problem") {
      feed?.onMessage(parsed.message);
    }
  });
  await isReady;
  feed = new LogFeed(request, (message) => void view.post(message).catch(() => undefined));
  feed.onMessage({ type: "ready" });
  await view.page.locator(".toolbar").waitFor();
  return { logs, received };
}

async function shoot(name: string): Promise<void> {
  if (shots !== undefined) {
    await view.page.screenshot({ path: join(shots, `logs-${name}.png`) });
  }
}

const violations = () => accessibilityViolations(view.page);
const rows = () => view.page.locator(".row .text");
const row = (text: string) => view.page.locator(".row", { hasText: text });

function writeSample(logs: FakeLogs): void {
  const lines = [
    ["web-0", "\u001b[32m INFO\u001b[0m \u001b[2mshop::http\u001b[0m listening on \u001b[1m0.0.0.0:8080\u001b[0m"],
    ["web-1", "\u001b[32m INFO\u001b[0m \u001b[2mshop::http\u001b[0m listening on \u001b[1m0.0.0.0:8080\u001b[0m"],
    ["db-0", "2026-05-03 12:00:00.311 UTC [1] LOG:  database system is ready to accept connections"],
    [
      "web-0",
      "\u001b[33m WARN\u001b[0m \u001b[2mshop::cart\u001b[0m cart 8231 has no currency, assuming \u001b[36mEUR\u001b[0m",
    ],
    [
      "web-1",
      '{"level":"info","path":"/api/items?page=2","status":200,"ms":12.4,"agent":"Mozilla/5.0 (X11; Linux x86_64)"}',
    ],
    [
      "web-0",
      "\u001b[31mERROR\u001b[0m \u001b[2mshop::pay\u001b[0m payment provider answered \u001b[1;31m503\u001b[0m, retrying in 2s",
      "stderr",
    ],
    ["db-0", "2026-05-03 12:00:02.904 UTC [61] LOG:  checkpoint complete: wrote 44 buffers (0.3%)"],
    ["web-1", "\u001b[32m INFO\u001b[0m \u001b[2mshop::http\u001b[0m GET /healthz \u001b[32m200\u001b[0m 0.4ms"],
    [
      "web-0",
      "\u001b[34mDEBUG\u001b[0m \u001b[2mshop::cache\u001b[0m \u001b[35mhit\u001b[0m items:page:2 \u001b[38;5;208mttl=41s\u001b[0m \u001b[48;2;80;20;90m pinned \u001b[0m",
    ],
  ] as const;
  for (let at = 0; at < 45; at += 1) {
    const [id, text, stream] = lines[at % lines.length] ?? lines[0];
    logs.write(id, Buffer.from(record(text, { timeMs: NOON + at * 137, stderr: stream === "stderr" })));
  }
}

const sample = [replica("web", 0), replica("web", 1), replica("db", 0)];

describe("log pane", () => {
  it.each(themeNames)("can be read by everybody in the theme %s", async (theme) => {
    const { logs } = await openPane({ theme });
    logs.setReplicas(...sample);
    await view.page.getByText("Following 3 replicas").waitFor();
    writeSample(logs);
    await row("pinned").first().waitFor();
    await view.page.getByRole("button", { name: "Show time stamps" }).click();
    await view.page.locator(".row .time").first().waitFor();
    await shoot(theme);
    expect(await violations()).toEqual([]);
    expect(view.faults).toEqual([]);
  });

  it("says what it waits for while there is nothing to show", async () => {
    const { logs } = await openPane();
    await view.page.locator(".placeholder", { hasText: "Waiting for a container of shop to start" }).waitFor();
    await shoot("empty");
    expect(await violations()).toEqual([]);
    logs.setListing({ kind: "unreachable", reason: "The engine's socket does not answer" });
    await view.page.locator(".placeholder", { hasText: "does not answer" }).waitFor();
    await view.page.getByText("Reconnecting…").waitFor();
    logs.setReplicas(replica("web", 0));
    await view.page.locator(".placeholder", { hasText: "No output yet" }).waitFor();
  });

  it("shows log text as text, whatever it holds", async () => {
    const { logs } = await openPane();
    logs.setReplicas(replica("web", 0));
    await view.page.getByText("Following", { exact: true }).waitFor();
    const hostile =
      '<img src=x onerror="document.title=1"><script>document.title=2</script>\u001b]0;title\u0007\u001b[2J end';
    logs.write("web-0", Buffer.from(record(hostile)));
    await row("end").waitFor();
    expect(await rows().first().textContent()).toBe(
      '<img src=x onerror="document.title=1"><script>document.title=2</script> end',
    );
    expect(await view.page.title()).toBe("logs");
  });

  it("filters as the user types, counts, and says when an expression is not valid", async () => {
    const { logs } = await openPane();
    logs.setReplicas(...sample);
    await view.page.getByText("Following 3 replicas").waitFor();
    writeSample(logs);
    await row("pinned").first().waitFor();
    await view.page.keyboard.press("Control+f");
    await view.page.getByRole("textbox", { name: "Filter: text, or a regular expression" }).waitFor();
    await view.page.keyboard.type("/status.:\\d+|503/");
    await view.page.getByText("10 of 45 lines").waitFor();
    expect(await view.page.locator(".filter .matches").textContent()).toBe("10");
    await shoot("filtered");
    await view.page.keyboard.press("Escape");
    await view.page.getByText("45 lines", { exact: true }).waitFor();
    await view.page.keyboard.type("/(/");
    await view.page.getByRole("alert").filter({ hasText: "Invalid regular expression" }).waitFor();
    expect(await violations()).toEqual([]);
    await shoot("invalid");
  });

  it("holds back new lines while it is paused, and shows them afterwards", async () => {
    const { logs } = await openPane();
    logs.setReplicas(replica("web", 0));
    await view.page.getByText("Following", { exact: true }).waitFor();
    logs.write("web-0", Buffer.from(record("before")));
    await row("before").waitFor();
    await view.page.getByRole("button", { name: "Pause" }).click();
    logs.write("web-0", Buffer.from(record("first") + record("second")));
    await view.page.getByRole("button", { name: "2 new lines, resume" }).click();
    await row("second").waitFor();
    expect(await rows().allTextContents()).toEqual(["before", "first", "second"]);
  });

  it("stops to follow when the user scrolls up, and goes on at the end", async () => {
    const { logs } = await openPane();
    logs.setReplicas(replica("web", 0));
    await view.page.getByText("Following", { exact: true }).waitFor();
    const numbered = (from: number, to: number) =>
      Buffer.from(Array.from({ length: to - from }, (_, at) => record(`line ${from + at}.`)).join(""));
    logs.write("web-0", numbered(0, 500));
    await row("line 499.").waitFor();
    await view.page.getByRole("log").focus();
    await view.page.keyboard.press("PageUp");
    const jump = view.page.getByRole("button", { name: /latest/i });
    await jump.waitFor();
    logs.write("web-0", numbered(500, 600));
    await view.page.getByRole("button", { name: "100 new lines, jump to latest" }).waitFor();
    await shoot("scrolled");
    expect(await row("line 599.").count()).toBe(0);
    await jump.click();
    await row("line 599.").waitFor();
    expect(await jump.isVisible()).toBe(false);
  });

  it("copies what is selected, including rows that are not in the page", async () => {
    const { logs } = await openPane();
    logs.setReplicas(replica("web", 0));
    await view.page.getByText("Following", { exact: true }).waitFor();
    logs.write("web-0", Buffer.from(Array.from({ length: 300 }, (_, at) => record(`line ${at}`)).join("")));
    await row("line 299").waitFor();
    await view.page.getByRole("log").focus();
    await view.page.keyboard.press("Control+a");
    await view.page.keyboard.press("Control+c");
    const copied = await view.page.evaluate(() => navigator.clipboard.readText());
    expect(copied.split("\n")).toEqual(Array.from({ length: 300 }, (_, at) => `line ${at}`));
  });

  it("copies a part that was selected with the mouse, while new lines come", async () => {
    const { logs } = await openPane();
    logs.setReplicas(replica("web", 0));
    await view.page.getByText("Following", { exact: true }).waitFor();
    logs.write("web-0", ["alpha beta", "gamma", "delta epsilon"].map((text) => record(text)).join(""));
    await row("delta").waitFor();
    const boxOf = async (text: string) => {
      const box = await row(text).locator(".text").boundingBox();
      if (box === null) {
        throw new Error("The row is not in sight.");
      }
      return box;
    };
    const [first, last] = [await boxOf("alpha"), await boxOf("delta")];
    const width = first.width / "alpha beta".length;
    await view.page.mouse.move(first.x + width * 6, first.y + 8);
    await view.page.mouse.down();
    await view.page.mouse.move(last.x + width * 5 + 1, last.y + 8, { steps: 5 });
    logs.write("web-0", record("later"));
    await view.page.mouse.up();
    await view.page.getByRole("button", { name: /latest/i }).waitFor();
    await view.page.keyboard.press("Control+c");
    expect(await view.page.evaluate(() => navigator.clipboard.readText())).toBe("beta\ngamma\ndelta");
  });

  it("asks for other lines: streams, a number, a time", async () => {
    const { received } = await openPane();
    const options = () => received.filter((message) => message.type === "options").map((message) => message.options);
    const pick = async (list: string, option: string) => {
      await view.page.getByRole("combobox", { name: list }).click();
      await view.page.getByRole("option", { name: option, exact: true }).click();
    };
    await pick("Output streams", "stderr");
    await expect.poll(() => options().at(-1)).toEqual({ since: { kind: "all" }, tail: 1_000, streams: "stderr" });
    await pick("Lines before the newest one", "All that fit");
    await expect.poll(() => options().at(-1)?.tail).toBeNull();
    await pick("Since", "Last 5 minutes");
    await expect.poll(() => options().at(-1)?.since).toEqual({ kind: "ago", seconds: 300 });
    await pick("Since", "Since…");
    const field = view.page.getByRole("textbox", { name: "Since: how long ago" });
    await field.fill("soon");
    await field.press("Enter");
    await view.page.locator(".since-custom.invalid").waitFor();
    await shoot("since");
    expect(await violations()).toEqual([]);
    const count = options().length;
    await field.fill("15m");
    await field.press("Enter");
    await expect.poll(() => options().length).toBe(count + 1);
    const since = options().at(-1)?.since;
    expect(since?.kind === "at" ? Math.round((Date.now() - since.timeMs) / 60_000) : since).toBe(15);
  });

  it("clears, and saves with or without time stamps", async () => {
    const { logs, received } = await openPane();
    logs.setReplicas(replica("web", 0));
    await view.page.getByText("Following", { exact: true }).waitFor();
    logs.write("web-0", record("old"));
    await row("old").waitFor();
    await view.page.getByRole("button", { name: "Clear" }).click();
    await view.page.getByText("0 lines", { exact: true }).waitFor();
    logs.write("web-0", record("new"));
    await row("new").waitFor();
    expect(await rows().allTextContents()).toEqual(["new"]);
    const save = view.page.getByRole("button", { name: "Save the whole log to a file…" });
    await save.click();
    await expect.poll(() => received.at(-1)).toMatchObject({ type: "save", timestamps: false });
    await view.page.getByRole("button", { name: "Show time stamps" }).click();
    await save.click();
    await expect.poll(() => received.at(-1)).toMatchObject({ type: "save", timestamps: true });
  });

  it("takes over the colours of another theme", async () => {
    const { logs } = await openPane({ theme: "dark" });
    logs.setReplicas(...sample);
    await view.page.getByText("Following 3 replicas").waitFor();
    writeSample(logs);
    await row("pinned").first().waitFor();
    const color = () =>
      view.page
        .locator(".row .name")
        .first()
        .evaluate((element) => getComputedStyle(element).color);
    const dark = await color();
    await view.setTheme("light");
    await expect.poll(color).not.toBe(dark);
    expect(await violations()).toEqual([]);
  });

  it("says in a row how many lines were left out", async () => {
    const { logs } = await openPane({ capacity: 20_000 });
    logs.setReplicas(replica("web", 0));
    await view.page.getByText("Following", { exact: true }).waitFor();
    const block = (first: number) =>
      Buffer.from(Array.from({ length: 2_000 }, (_, at) => record(`request ${first + at}.`)).join(""));
    for (let at = 0; at < 30; at += 1) {
      logs.write("web-0", block(at * 2_000));
    }
    await row("request 59999.").waitFor();
    // The rows that are left are the newest ones; what was left out is just above them.
    const scroller = view.page.getByRole("log");
    await scroller.focus();
    await view.page.keyboard.press("Home");
    await view.page.locator(".row.skipped").waitFor();
    const skipped = (await view.page.locator(".row.skipped").textContent()) ?? "";
    const shown = (await view.page.locator(".counts").textContent()) ?? "";
    const number = (text: string) => Number(/[\d,]+/.exec(text)?.[0].replaceAll(",", ""));
    expect(skipped).toMatch(/lines not shown; they are in the log file$/);
    expect(number(skipped) + number(shown)).toBe(60_000);
    await shoot("skipped");
    expect(await violations()).toEqual([]);
  });

  it("follows a replica that is added, and says when one is removed", async () => {
    const { logs } = await openPane();
    logs.setReplicas(replica("web", 0));
    await view.page.getByText("Following", { exact: true }).waitFor();
    logs.setReplicas(replica("web", 0), replica("web", 1));
    await view.page.getByText("Following 2 replicas").waitFor();
    logs.write("web-1", Buffer.from(record("hello from the new one")));
    await row("hello from the new one").waitFor();
    logs.setReplicas(replica("web", 0));
    await row("web/1 was removed").waitFor();
    expect(await row("web/1 was added").count()).toBe(1);
  });

  it("wraps long lines without letting rows overlap", async () => {
    const { logs } = await openPane({ width: 420 });
    logs.setReplicas(...sample);
    await view.page.getByText("Following 3 replicas").waitFor();
    writeSample(logs);
    await row("pinned").first().waitFor();
    await view.page.getByRole("button", { name: "Wrap long lines" }).click();
    await view.page.locator(".scroller.wrap .row").first().waitFor();
    const overlaps = await view.page.evaluate(() => {
      const boxes = [...document.querySelectorAll(".row")].map((element) => ({
        box: element.getBoundingClientRect(),
        inner: element.querySelector(".text")?.scrollHeight ?? 0,
      }));
      return boxes.filter(
        ({ box, inner }, at) =>
          inner > box.height + 1 || (boxes[at + 1]?.box.top ?? Number.POSITIVE_INFINITY) < box.bottom - 1,
      ).length;
    });
    await shoot("narrow-wrapped");
    expect(overlaps).toBe(0);
    // The text takes the width that there is, and no more.
    const unused = await view.page.evaluate(() => {
      const text = document.querySelector(".row .text")?.getBoundingClientRect().right ?? 0;
      return (document.querySelector(".scroller")?.clientWidth ?? 0) - text;
    });
    expect(unused).toBeGreaterThanOrEqual(0);
    expect(unused).toBeLessThan(30);
    expect(await violations()).toEqual([]);
  });

  it("keeps its filter and its switches across a tab switch", async () => {
    const { logs } = await openPane();
    logs.setReplicas(replica("web", 0));
    await view.page.getByText("Following", { exact: true }).waitFor();
    await view.page.getByRole("button", { name: "Wrap long lines" }).click();
    await view.page.getByRole("button", { name: "Show time stamps" }).click();
    const state = await view.page.evaluate(() => (window as unknown as { savedState(): unknown }).savedState());
    feed?.dispose();
    await view.page.context().close();
    await openPane({ state });
    await view.page.getByRole("button", { name: "Wrap long lines", pressed: true }).waitFor();
    await view.page.getByRole("button", { name: "Show time stamps", pressed: true }).waitFor();
    await view.page.locator(".scroller.wrap.times").waitFor();
  });

  it("drops messages that do not match the protocol, and reports them", async () => {
    const { received } = await openPane();
    await view.post({ type: "append", texts: ["<b>"], kinds: "no" });
    await expect.poll(() => received.some((message) => message.type === "problem")).toBe(true);
  });

  it("stays alive and bounded while a container writes 100,000 lines a second", async () => {
    const capacity = 20_000;
    const { logs } = await openPane({ capacity });
    logs.setReplicas(replica("web", 0));
    await view.page.getByText("Following", { exact: true }).waitFor();
    await view.page.evaluate(() => {
      const measured = { frames: 0, longest: 0, nodes: 0 };
      Object.assign(window, { measured });
      let last = performance.now();
      const frame = (now: number): void => {
        measured.frames += 1;
        measured.longest = Math.max(measured.longest, now - last);
        measured.nodes = Math.max(measured.nodes, document.querySelectorAll("*").length);
        last = now;
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    });
    const perBlock = 2_000;
    const block = (first: number) =>
      Buffer.from(
        Array.from({ length: perBlock }, (_, at) =>
          record(`\u001b[32mINFO\u001b[0m request ${first + at} took ${at % 97} ms`),
        ).join(""),
      );
    const [usual, last] = [block(0), block(900_000)];
    let written = 0;
    let hostLag = 0;
    const started = performance.now();
    while (written < 500_000) {
      const due = started + (written / 100_000) * 1_000;
      const before = performance.now();
      if (due > before) {
        await new Promise((resolve) => setTimeout(resolve, due - before));
        hostLag = Math.max(hostLag, performance.now() - due);
      } else {
        await new Promise((resolve) => setImmediate(resolve));
      }
      written += perBlock;
      logs.write("web-0", written < 500_000 ? usual : last);
    }
    const seconds = (performance.now() - started) / 1_000;
    await shoot("flood");
    await row("request 901999 ").waitFor();
    await view.page.getByText(/earlier ones only in the log file/).waitFor();
    const measured = await view.page.evaluate(
      () => (window as unknown as { measured: { frames: number; longest: number; nodes: number } }).measured,
    );
    const heap = await view.page.evaluate(
      () => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize / 1e6,
    );
    console.log(
      `flood: ${Math.round(written / seconds)} lines/s for ${seconds.toFixed(1)} s; ${(measured.frames / seconds).toFixed(0)} frames/s, ` +
        `longest frame ${measured.longest.toFixed(0)} ms, host late by at most ${hostLag.toFixed(0)} ms, ${measured.nodes} nodes, heap ${heap.toFixed(0)} MB`,
    );
    expect(measured.nodes).toBeLessThan(1_500);
    // What is not shown is said, and nothing is counted twice or lost from the count.
    await view.page.getByRole("log").focus();
    await view.page.keyboard.press("Home");
    const shown = await view.page.evaluate(() => document.querySelector(".counts")?.textContent ?? "");
    const [lines, earlier] = [...shown.matchAll(/[\d,]+/g)].map((match) => Number(match[0].replaceAll(",", "")));
    expect(lines).toBeLessThanOrEqual(capacity);
    expect((lines ?? 0) + (earlier ?? 0)).toBeLessThanOrEqual(written);
    expect(view.faults).toEqual([]);
  });
});
