import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LogSource } from "./log-source";
import { type SaveLogsRequest, saveLogs } from "./save-logs";
import { FakeLogs } from "./testing";

const START = Date.UTC(2026, 4, 3, 12);
const replicas = [
  { id: "web-0", service: "web", index: 0 },
  { id: "db-0", service: "db", index: 0 },
];
const never = new AbortController().signal;

let dir: string;
let logs: FakeLogs;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "zlayer-save-logs-"));
  logs = new FakeLogs();
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const request = (change: Partial<SaveLogsRequest> = {}): SaveLogsRequest => ({
  replicas,
  query: { streams: "all" },
  timestamps: false,
  path: join(dir, "shop.log"),
  ...change,
});

describe("saveLogs", () => {
  it("writes the lines of all replicas in order of time", async () => {
    logs.keep("web-0", "one", START);
    logs.keep("web-0", "three", START + 2);
    logs.keep("db-0", "two", START + 1);
    logs.keep("db-0", "four", START + 3);
    const saved = await saveLogs(logs, request(), never, () => {});
    expect(await readFile(join(dir, "shop.log"), "utf8")).toBe("web/0 one\ndb/0 two\nweb/0 three\ndb/0 four\n");
    expect(saved).toEqual({ lines: 4, bytes: 41 });
  });

  it("writes a single replica without its name, with time stamps on demand", async () => {
    logs.keep("web-0", "\u001b[31mred\u001b[0m", START);
    await saveLogs(logs, request({ replicas: replicas.slice(0, 1), timestamps: true }), never, () => {});
    expect(await readFile(join(dir, "shop.log"), "utf8")).toBe("2026-05-03T12:00:00.000Z \u001b[31mred\u001b[0m\n");
  });

  it("writes every line of a long log, and reports how far it is", async () => {
    for (let at = 0; at < 20_000; at += 1) {
      logs.keep("web-0", `line ${at}`, START + at);
    }
    const reports: number[] = [];
    await saveLogs(logs, request({ replicas: replicas.slice(0, 1) }), never, ({ lines }) => reports.push(lines));
    const lines = (await readFile(join(dir, "shop.log"), "utf8")).trimEnd().split("\n");
    expect(lines).toHaveLength(20_000);
    expect(lines.at(-1)).toBe("line 19999");
    expect(reports.length).toBeGreaterThan(2);
    expect(reports).toEqual([...reports].sort((a, b) => a - b));
  });

  it("leaves an existing file alone, and nothing beside it, when it is cancelled or fails", async () => {
    await writeFile(join(dir, "shop.log"), "precious");
    const abort = new AbortController();
    for (let at = 0; at < 20_000; at += 1) {
      logs.keep("web-0", `line ${at}`, START + at);
    }
    const cancelled = saveLogs(logs, request(), abort.signal, () => abort.abort());
    await expect(cancelled).rejects.toMatchObject({ name: "AbortError" });
    const broken: LogSource = {
      watchReplicas: () => () => {},
      openLog: () => Promise.reject(new Error("no such container")),
    };
    await expect(saveLogs(broken, request(), never, () => {})).rejects.toThrow("no such container");
    expect(await readdir(dir)).toEqual(["shop.log"]);
    expect(await readFile(join(dir, "shop.log"), "utf8")).toBe("precious");
  });
});
