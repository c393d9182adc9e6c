import { expect, test } from "vitest";
import { durationSeconds } from "./job-file";
import { isJobName } from "./job-name";
import { readJobFile } from "./read-job-file";

const LEAST = "version: v1\nspec: ./shop.zlayer.yml\npayment:\n  max_rate: 0.36\n  longest: 6h\n";

function problems(text: string): string[] {
  const read = readJobFile(text);
  return read.problems.map(({ code, path, message, start, end }) =>
    [code, path, JSON.stringify(text.slice(start, end)), message].join(" | "),
  );
}

test("names of job files", () => {
  expect(["app.zlayer-job.yml", "zlayer-job.yaml", "a.b.zlayer-job.yaml"].filter(isJobName)).toHaveLength(3);
  expect(["app.zlayer.yml", "zlayer-job.yml.bak", "xzlayer-job.yml"].filter(isJobName)).toEqual([]);
});

test("durations are sums of their parts, in seconds", () => {
  expect(["90s", "15m", "15min", "1h30m", "1h 30m", "2d"].map(durationSeconds)).toEqual([
    90, 900, 900, 5_400, 5_400, 172_800,
  ]);
});

test("what is left out has its default", () => {
  expect(readJobFile(LEAST)).toEqual({
    kind: "valid",
    problems: [],
    job: {
      version: "v1",
      spec: "./shop.zlayer.yml",
      payment: { max_rate: "0.36", longest: "6h", token: "OTT" },
      bidding: { open_for: "15m", match: "manual", cover: false, labels: [] },
      availability: 0,
    },
  });
});

test("a price keeps all its digits, with and without quotes", () => {
  for (const written of ["0.123456789012345678", '"0.123456789012345678"']) {
    const read = readJobFile(LEAST.replace("0.36", written));
    expect(read.kind === "valid" && read.job.payment.max_rate).toBe("0.123456789012345678");
  }
});

test("all problems are told at once, each at its place", () => {
  const text = [
    "version: v2",
    "payment:",
    "  max_rate: -1",
    "  longest: 6 hours",
    "  tip: 1",
    "bidding:",
    "  match: auction",
    "  region: XX",
    "  labels: [ipv6, ipv7]",
    "availability: 101",
    "",
  ].join("\n");
  expect(problems(text).sort()).toEqual(
    [
      'bad-value | version | "v2" | The only version is v1.',
      'missing-field | spec | "version: v2" | “spec” is missing.',
      'bad-value | payment.max_rate | "-1" | Write an amount of OTT such as 0.36, with at most 18 decimal places.',
      'bad-value | payment.longest | "6 hours" | Write a duration such as 90s, 15m, 1h30m or 2d.',
      'unknown-field | payment.tip | "tip" | There is no field “tip” here.',
      'bad-value | bidding.match | "auction" | Write manual or lowest.',
      'bad-value | bidding.region | "XX" | Write the two letters of a country (ISO 3166-1), such as DE.',
      'bad-value | bidding.labels[1] | "ipv7" | Write one of static-address, ipv6, volumes, encrypted-memory, renewable-energy.',
      'bad-value | availability | "101" | Write a percentage from 0 to 100.',
    ].sort(),
  );
});

test("a section without fields is told at its key", () => {
  expect(problems("version: v1\nspec: a\npayment:\n")).toEqual([
    'missing-field | payment | "payment" | “payment” has no value.',
  ]);
  expect(problems("version: v1\nspec: a\npayment:\n  longest: 1h\n")).toEqual([
    'missing-field | payment.max_rate | "payment" | “payment.max_rate” is missing.',
  ]);
});

test("texts that are no job file are told and do no harm", () => {
  const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\n${"bcdefghi"
    .split("")
    .map((name, at) => `${name}: &${name} [${Array(9).fill(`*${"abcdefgh"[at]}`)}]`)
    .join("\n")}\n`;
  for (const text of ["", "[]", "text", "a: [", "\u0000", bomb, "x".repeat(200_000), "- - -", "? {a: b}\n: c\n"]) {
    const read = readJobFile(text);
    expect(read.kind).toBe("invalid");
    for (const { message, start, end } of read.problems) {
      expect(message).not.toMatch(/Invalid|undefined|null|Object/);
      expect(end).toBeGreaterThan(start);
    }
  }
});

test.each(["0", "0.0", "1e3", "1.0000000000000000001", "-0.1", "1,5"])("%s is no price", (price) => {
  expect(problems(LEAST.replace("0.36", price))).toHaveLength(1);
});

test.each(["0s", "5", "1y", "-1h", "99999999d", "1.5h"])("%s is no duration", (duration) => {
  expect(problems(LEAST.replace("6h", duration))).toHaveLength(1);
});
