import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { defaultLogOptions, type LogOptions, RowKind } from "../../protocol/webview-logs";
import { LogSession } from "./log-session";
import { FakeLogs, record } from "./testing";

const replica = (service: string, index: number) => ({ id: `${service}-${index}`, service, index });
const START = Date.UTC(2026, 4, 3, 12);

let logs: FakeLogs;
let session: LogSession | undefined;

beforeEach(() => {
  vi.useFakeTimers({ now: START + 60_000 });
  logs = new FakeLogs();
});
afterEach(() => {
  session?.dispose();
  vi.useRealTimers();
});

function open(options: Partial<LogOptions> = {}, capacity = 1_000): LogSession {
  const events = { onRows: () => {}, onReplicas: () => {}, onStatus: () => {} };
  session = new LogSession(logs, { deployment: "shop" }, { ...defaultLogOptions, ...options }, capacity, events);
  return session;
}

/** Texts of all rows that are kept. */
function texts(of: LogSession): string[] {
  const cursor = of.cursor();
  const all: string[] = [];
  for (let batch = of.read(cursor); batch !== undefined; batch = of.read(cursor)) {
    all.push(...batch.texts);
  }
  return all;
}

const settle = (ms = 200) => vi.advanceTimersByTimeAsync(ms);

describe("LogSession", () => {
  it("merges its replicas in the order in which lines were written", async () => {
    logs.setReplicas(replica("web", 0), replica("db", 0));
    logs.keep("web-0", "1", START + 1);
    logs.keep("db-0", "2", START + 2);
    logs.keep("web-0", "3", START + 3);
    const opened = open();
    await settle();
    expect(texts(opened)).toEqual(["1", "2", "3"]);
  });

  it("goes on after a broken connection without losing or doubling a line", async () => {
    logs.setReplicas(replica("web", 0));
    const opened = open();
    await settle();
    logs.keep("web-0", "a", START + 1_000);
    logs.keep("web-0", "b", START + 1_500);
    logs.keep("web-0", "c, at the same time", START + 1_500);
    await settle();
    logs.disconnect("web-0", "the connection was closed");
    await settle(10);
    expect(opened.status).toEqual({ connection: "lost", message: "the connection was closed" });
    // Written while nobody reads; one of them still at the same time.
    logs.keep("web-0", "d, at the same time", START + 1_500);
    logs.keep("web-0", "e", START + 2_000);
    await settle(2_000);
    expect(opened.status.connection).toBe("live");
    expect(logs.queries.at(-1)).toMatchObject({ follow: true, sinceMs: START + 1_000 });
    logs.keep("web-0", "f", START + 3_000);
    await settle();
    expect(texts(opened)).toEqual(["a", "b", "c, at the same time", "d, at the same time", "e", "f"]);
  });

  it("follows a replica that comes later, and says when one goes", async () => {
    logs.setReplicas(replica("web", 0));
    const opened = open();
    await settle();
    logs.setReplicas(replica("web", 0), replica("web", 1));
    await settle();
    logs.keep("web-1", "hello", START);
    await settle();
    logs.setReplicas(replica("web", 1));
    await settle();
    expect(texts(opened)).toEqual(["web/1 was added", "hello", "web/0 was removed"]);
    expect(opened.replicas.map(({ name, state }) => [name, state])).toEqual([
      ["web/0", "removed"],
      ["web/1", "following"],
    ]);
    expect(opened.current.map(({ id }) => id)).toEqual(["web-1"]);
  });

  it("says what it waits for", async () => {
    const opened = open();
    expect(opened.status).toEqual({ connection: "waiting", message: "Waiting for a container of shop to start…" });
    logs.setListing({ kind: "unreachable", reason: "nothing is listening" });
    expect(opened.status).toEqual({ connection: "lost", message: "nothing is listening" });
  });

  it("asks the engine for what the options say, and starts afresh when they change", async () => {
    logs.setReplicas(replica("web", 0));
    logs.keep("web-0", "old", START);
    const opened = open({ tail: 5 });
    await settle();
    expect(logs.queries[0]).toEqual({ follow: true, tail: 5, streams: "all" });
    opened.setOptions({ since: { kind: "ago", seconds: 10 }, tail: null, streams: "stderr" });
    await settle();
    expect(logs.queries[1]).toEqual({ follow: true, tail: 1_000, streams: "stderr", sinceMs: START + 50_200 });
    expect(texts(opened)).toEqual([]);
  });

  it("does bounded work on a flood, and says exactly how much it left out", async () => {
    logs.setReplicas(replica("web", 0));
    const opened = open({}, 5_000);
    await settle();
    const block = Array.from({ length: 1_000 }, (_, at) => record(`line ${at}`)).join("");
    const cursor = opened.cursor();
    let lines = 0;
    let skipped = 0;
    const read = (): void => {
      for (let batch = opened.read(cursor); batch !== undefined; batch = opened.read(cursor)) {
        const kinds = batch.kinds;
        lines += kinds.filter((kind) => kind === RowKind.Stdout).length;
        skipped +=
          batch.missed + batch.weights.filter((_, at) => kinds[at] === RowKind.Skipped).reduce((a, b) => a + b, 0);
      }
    };
    for (let at = 0; at < 100; at += 1) {
      logs.write("web-0", block);
      await settle(10);
      read();
    }
    await settle(5_000);
    read();
    expect(lines + skipped).toBe(100_000);
    // A second was written: at most what 20 ticks may parse, and what waited at its end.
    expect(lines).toBeLessThanOrEqual(20 * 2_000 + 5_000);
    expect(skipped).toBeGreaterThan(0);
    expect(opened.behind(cursor)).toBe(0);
  });

  it("shows what the engine says about a log, and passes over what cannot be read", async () => {
    logs.setReplicas(replica("web", 0), replica("web", 1));
    const opened = open();
    await settle();
    logs.write("web-0", `${record("a")}{"error":"lines are missing here"}\nnonsense\n${record("b")}`);
    await settle();
    expect(texts(opened)).toEqual(["a", "web/0: lines are missing here", "b"]);
  });

  it("cuts a line that is too long for a row, and says so", async () => {
    logs.setReplicas(replica("web", 0));
    const opened = open();
    await settle();
    logs.write("web-0", record("x".repeat(10_000)));
    await settle();
    expect(texts(opened)[0]).toMatch(/^x{8192}… \(1,808 more characters in the log file\)$/);
  });

  it("counts the lines that a reader missed because it came too late", async () => {
    logs.setReplicas(replica("web", 0));
    const opened = open({}, 10);
    await settle();
    const cursor = opened.cursor();
    logs.write("web-0", record("first"));
    await settle();
    expect(opened.read(cursor)?.texts).toEqual(["first"]);
    for (let at = 0; at < 5; at += 1) {
      logs.write("web-0", Array.from({ length: 5 }, (_, line) => record(`${at}.${line}`)).join(""));
      await settle();
    }
    expect(opened.behind(cursor)).toBe(25);
    expect(opened.read(cursor)).toMatchObject({
      missed: 15,
      texts: ["3.0", "3.1", "3.2", "3.3", "3.4", "4.0", "4.1", "4.2", "4.3", "4.4"],
    });
  });
});
