import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readJobFile } from "../../protocol/read-job-file";
import { specNeeds } from "../market-desk/spec-needs";
import { jobForm, longestCost } from "./job-terms";

const needs = specNeeds(readFileSync("samples/hello/hello.zlayer.yml", "utf8"));

function form(text: string) {
  const read = readJobFile(text);
  if (read.kind === "invalid") {
    throw new Error(read.problems.map(({ message }) => message).join(" "));
  }
  return jobForm(read.job, needs);
}

test("the sample's job file becomes the form of the market", () => {
  const sample = form(readFileSync("samples/hello/hello.zlayer-job.yml", "utf8"));
  expect(sample).toEqual({
    matching: "developer",
    // 0.36 OTT an hour is 10^14 wei a second.
    maxRate: "100000000000000",
    maxDuration: 21_600,
    bidding: 900,
    availabilityBps: 0,
    covered: false,
    region: "",
    gpus: 0,
    gpuModel: "",
    labels: 0,
  });
  // 0.36 OTT an hour for six hours.
  expect(longestCost(sample)).toBe(2_160_000_000_000_000_000n);
});

test("every field reaches the form", () => {
  const text =
    "version: v1\nspec: a.zlayer.yml\npayment: { max_rate: 1, longest: 1d }\navailability: 99.55\n" +
    "bidding: { open_for: 1h30m, match: lowest, cover: true, region: DE, gpu_model: nvidia l4, labels: [ipv6, volumes] }\n";
  expect(form(text)).toMatchObject({
    matching: "lowest",
    maxDuration: 86_400,
    bidding: 5_400,
    availabilityBps: 9_955,
    covered: true,
    region: "DE",
    gpuModel: "nvidia l4",
    labels: 0b110,
  });
});

test("a price that no second has is refused in words", () => {
  expect(() => form("version: v1\nspec: a\npayment: { max_rate: 0.000000000000000001, longest: 1h }\n")).toThrow(
    "more than zero",
  );
});
