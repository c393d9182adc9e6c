import { describe, expect, it } from "vitest";
import { locate } from "./locate";

const SPEC = `version: v1
deployment: hello
services:
  web:
    image:
      name: "registry.example/web:1"
    storage:
      - type: bind
        source: /data
    my.labels:
      x: 1
`;

/** The text that the range covers. */
function textAt(path: string, spec = SPEC): string {
  const range = locate(spec, path);
  const lines = spec.split("\n");
  expect(range.endLine).toBe(range.startLine);
  return (lines[range.startLine] ?? "").slice(range.startColumn, range.endColumn);
}

describe("locate", () => {
  it.each([
    ["deployment", "hello"],
    ["services.web.image.name", '"registry.example/web:1"'],
    ["services.web.image", "image"],
    ["services.web.storage[0].source", "/data"],
    ['services.web["my.labels"].x', "1"],
    ["services.web.image.pull_policy", "image"],
    ["services.db.image", "services"],
    ["", ""],
    ["nothing.here", ""],
  ])("finds %s", (path, text) => {
    expect(textAt(path)).toBe(text);
  });

  it("points at the key of an empty value", () => {
    expect(textAt("services.web", "services:\n  web:\n")).toBe("web");
  });

  it("survives a text that does not parse", () => {
    expect(() => locate("a: [1,\n  b: {", "a.b")).not.toThrow();
  });
});
