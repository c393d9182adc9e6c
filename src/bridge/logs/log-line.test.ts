import { describe, expect, it } from "vitest";
import { compareTimestamps, parseLogRecord } from "./log-line";

const texts = (json: string): string[] => {
  const record = parseLogRecord(json);
  return record.kind === "lines" ? record.lines.map(({ text }) => text) : [];
};

describe("parseLogRecord", () => {
  it("reads a line with its stream and time", () => {
    expect(parseLogRecord('{"stream":"stderr","timestamp":"2026-05-03T12:00:00.250+00:00","data":"hello\\n"}')).toEqual(
      {
        kind: "lines",
        lines: [
          {
            stderr: true,
            timeMs: Date.UTC(2026, 4, 3, 12, 0, 0, 250),
            timestamp: "2026-05-03T12:00:00.250+00:00",
            text: "hello",
          },
        ],
      },
    );
  });

  it.each([
    [
      "a line that is not UTF-8",
      `{"stream":"stdout","data_b64":"${Buffer.from([0x68, 0xff, 0x69, 10]).toString("base64")}"}`,
      ["h\ufffdi"],
    ],
    ["several lines in one piece", '{"stream":"stdout","data":"a\\r\\n\\nb\\n"}', ["a", "", "b"]],
    ["an empty line", '{"stream":"stdout","data":"\\n"}', [""]],
    ["a line without an end", '{"stream":"stdout","data":"prompt> "}', ["prompt> "]],
  ])("reads %s", (_name, json, expected) => {
    expect(texts(json)).toEqual(expected);
  });

  it("knows no time when the engine gave none, or none that can be read", () => {
    for (const json of ['{"stream":"stdout","data":"x"}', '{"stream":"stdout","timestamp":"yesterday","data":"x"}']) {
      expect(parseLogRecord(json)).toMatchObject({ kind: "lines", lines: [{ timeMs: 0 }] });
    }
  });

  it("tells an error that the engine reports", () => {
    expect(parseLogRecord('{"error":"container is gone"}')).toEqual({ kind: "error", message: "container is gone" });
  });

  it.each(["", "nonsense", "null", "17", "[]", "{}", '{"stream":"stdout","data":5}'])(
    "does not throw at %j",
    (json) => {
      expect(parseLogRecord(json)).toEqual({ kind: "malformed" });
    },
  );
});

describe("compareTimestamps", () => {
  it.each([
    ["2026-05-03T12:00:00.1+00:00", "2026-05-03T12:00:00.100+00:00", 0],
    ["2026-05-03T12:00:00.000000001+00:00", "2026-05-03T12:00:00.000000002+00:00", -1],
    ["2026-05-03T12:00:00.5+00:00", "2026-05-03T12:00:00.499999999+00:00", 1],
    ["2026-05-03T12:00:00+00:00", "2026-05-03T12:00:01Z", -1],
    ["2026-05-03T14:00:00+02:00", "2026-05-03T12:00:00Z", 0],
  ])("orders %s and %s", (a, b, expected) => {
    expect(Math.sign(compareTimestamps(a, b))).toBe(expected);
    expect(Math.sign(compareTimestamps(b, a))).toBe(expected === 0 ? 0 : -expected);
  });
});
