import { describe, expect, it } from "vitest";
import { matchesFilter, matchRanges, parseFilter } from "./log-filter";

const matches = (filter: string, line: string): boolean => matchesFilter(parseFilter(filter), line);

describe("filter", () => {
  it.each([
    ["", "anything", true],
    ["error", "An ERROR occurred", true],
    ["a.b", "axb", false],
    ["a.b", "A.B", true],
    ["[web]", "from [web] 1", true],
    ["/a.b/", "axb", true],
    ["/A/", "a", false],
    ["/A/i", "a", true],
    ["/^GET \\S+ 5\\d\\d$/", "GET /x 503", true],
    ["/path", "the /path", true],
    ["/usr/bin", "in /usr/bin", true],
  ])("%j on %j: %s", (filter, line, expected) => {
    expect(matches(filter, line)).toBe(expected);
    // The same answer each time: a global expression remembers where it was.
    expect(matches(filter, line)).toBe(expected);
  });

  it("says what is wrong with an expression, and shows everything meanwhile", () => {
    const filter = parseFilter("/(/");
    expect(filter).toEqual({ kind: "invalid", message: "Invalid regular expression: Unterminated group" });
    expect(matchesFilter(filter, "anything")).toBe(true);
  });

  it("tells where a line matches, and no empty places", () => {
    expect(matchRanges(parseFilter("o"), "foo bor", 10)).toEqual([
      [1, 2],
      [2, 3],
      [5, 6],
    ]);
    expect(matchRanges(parseFilter("o"), "foo bor", 2)).toHaveLength(2);
    expect(matchRanges(parseFilter("/x*/"), "abc", 10)).toEqual([]);
  });
});
