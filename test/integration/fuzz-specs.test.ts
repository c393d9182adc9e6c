// A short run of scripts/fuzz-specs.mjs: editor, language server, sidecar and crate say the same of each spec.
import { expect, test } from "vitest";
import { fuzzSpecs } from "../../scripts/fuzz-specs.mjs";

test("2,000 generated and mutated specs have one verdict and one set of positions", async () => {
  const sidecar = process.env["ZLAYER_SIDECAR"];
  if (sidecar === undefined) {
    throw new Error("ZLAYER_SIDECAR names no sidecar: run `npm test -- integration`");
  }
  const { valid, served, differences } = await fuzzSpecs({ count: 2_000, seed: 7, sidecar });
  expect(differences).toEqual([]);
  expect(valid).toBeGreaterThan(200);
  expect(served).toBe(200);
}, 600_000);
