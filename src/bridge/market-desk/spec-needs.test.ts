import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { specNeeds, UnpostableSpec } from "./spec-needs";

const spec = (service: string): string => `version: v1\ndeployment: shop\nservices:\n  web:\n${service}`;

describe("what a spec needs", () => {
  it("is the sum over all replicas", () => {
    const needs = specNeeds(
      `${spec("    resources: { cpu: 0.5, memory: 512Mi }\n    scale: { mode: fixed, replicas: 3 }\n")}  db:\n    resources: { cpu: 2, memory: 1Gi }\n`,
    );
    expect(needs).toMatchObject({ deployment: "shop", millicores: 3_500, mebibytes: 2_560, gpus: 0, notes: [] });
  });

  it("counts the highest number of replicas, and says what it assumed", () => {
    const needs = specNeeds(
      spec("    scale: { mode: adaptive, min: 1, max: 4 }\n    resources: { gpu: { count: 1 } }\n"),
    );
    expect(needs).toMatchObject({ millicores: 1_000, mebibytes: 1_024, gpus: 4 });
    expect(needs.notes).toHaveLength(3);
  });

  it("reads the sample", () => {
    expect(specNeeds(readFileSync("samples/hello/hello.zlayer.yml", "utf8")).deployment).toBe("hello");
  });

  it.each([
    ["deployment: x\n", "no services"],
    ["services: [\n", "not valid YAML"],
    ["services:\n  web: {}\n", "no “deployment”"],
    [spec("    resources: { cpu: -1 }\n"), "resources.cpu"],
    [spec("    resources: { memory: lots }\n"), "resources.memory"],
    [spec("    resources: { gpu: 1.5 }\n"), "resources.gpu"],
    [spec("    scale: { replicas: 100000 }\n"), "scale.replicas"],
    [spec("    scale: { replicas: 1000 }\n    resources: { gpu: 1 }\n"), "1000 GPUs"],
    [
      `a: &a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\nd: &d [*c, *c, *c, *c]\ne: [*d, *d, *d, *d]\n`,
      "cannot be read",
    ],
  ])("refuses %j", (text, reason) => {
    expect(() => specNeeds(text)).toThrow(UnpostableSpec);
    expect(() => specNeeds(text)).toThrow(reason);
  });
});
