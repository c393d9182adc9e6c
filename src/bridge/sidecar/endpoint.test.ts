import { describe, expect, it } from "vitest";
import { parseEndpoint } from "./endpoint";

describe("parseEndpoint", () => {
  it.each([
    ["/run/zlayer.sock", { kind: "unix", path: "/run/zlayer.sock" }],
    [" unix:///run/zlayer.sock ", { kind: "unix", path: "/run/zlayer.sock" }],
    ["https://node.example:3669/zl", { kind: "http", url: new URL("https://node.example:3669/zl") }],
  ])("reads %s", (text, endpoint) => {
    expect(parseEndpoint(text)).toEqual(endpoint);
  });

  it("keeps the token with a URL", () => {
    expect(parseEndpoint("http://127.0.0.1:3669", "t")).toMatchObject({ token: "t" });
  });

  it.each([
    ["run/zlayer.sock", undefined, "neither a socket path nor a URL"],
    ["unix://relative", undefined, "not absolute"],
    [`/${"x".repeat(120)}`, undefined, "at most 10"],
    ["ftp://node", undefined, "ftp://"],
    ["https://me:secret@node", undefined, "password"],
    ["http://node.example", "t", "unencrypted"],
  ])("refuses %s", (text, token, reason) => {
    expect(() => parseEndpoint(text, token)).toThrow(reason);
  });
});
