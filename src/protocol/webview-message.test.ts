import { describe, expect, it } from "vitest";
import { logsHostMessage, logsViewMessage } from "./webview-logs";
import { parseMessage } from "./webview-message";
import { metricsHostMessage } from "./webview-metrics";

const append = { type: "append", missed: 0, kinds: [0], replicas: [0], times: [0], texts: ["x"], weights: [1] };

describe("messages of the webviews", () => {
  it("pass when they match", () => {
    expect(parseMessage(logsHostMessage, append)).toEqual({ ok: true, message: append });
    expect(parseMessage(logsViewMessage, { type: "save", timestamps: true })).toMatchObject({ ok: true });
  });

  it.each([
    undefined,
    null,
    "ready",
    {},
    { type: "run", command: "rm" },
    { type: "ready", extra: 1 },
    { type: "save" },
    { type: "options", options: { since: { kind: "ago", seconds: -5 }, tail: 10, streams: "all" } },
    { type: "options", options: { since: { kind: "all" }, tail: 1.5, streams: "all" } },
    { type: "problem", problem: "x".repeat(2_000) },
  ])("are refused when they do not: %j", (value) => {
    expect(parseMessage(logsViewMessage, value)).toMatchObject({ ok: false });
  });

  it("are refused when their columns do not fit, and the reason names the place", () => {
    expect(parseMessage(logsHostMessage, { ...append, texts: ["x", "y"] })).toEqual({
      ok: false,
      problem: "Columns of different length",
    });
    expect(parseMessage(logsHostMessage, { ...append, times: [Number.NaN] })).toEqual({
      ok: false,
      problem: "times: Expected an array of numbers",
    });
    const points = { times: [1], cpu: [], memory: [1], rx: [1], tx: [1], read: [1], write: [1] };
    const container = { id: "a", service: "web", replica: 0, color: 0, cpuLimit: null, memoryLimit: null, points };
    expect(parseMessage(metricsHostMessage, { type: "history", containers: [container] })).toMatchObject({ ok: false });
  });
});
