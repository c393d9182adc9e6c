// Puts generated specs before the published JSON Schema and before ZLayer's validator, and names each difference that
// docs/schema-exceptions.md does not explain: `node scripts/compare-schema.mjs [--count 200000] [--seed 1]`. Exits 1 at the first ten.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { editorValidator } from "./lib/language-modules.mjs";
import { Random } from "./lib/random.mjs";
import { isMain, main } from "./lib/run.mjs";
import { loadSchema, readExceptions, unexplained } from "./lib/schema-verdicts.mjs";
import { generateSpec } from "./lib/spec-generator.mjs";

/**
 * @param {{ count: number, seed: number, validator: import("../src/language/spec-validator").SpecValidator }} options
 * @returns {Promise<{ valid: number, differences: string[] }>} how many are valid, and at most ten differences with their specs
 */
export async function compareSchema({ count, seed, validator }) {
  const { schema, validate } = await loadSchema();
  const exceptions = await readExceptions();
  const random = new Random(seed);
  const differences = [];
  let valid = 0;
  for (let at = 0; at < count && differences.length < 10; at++) {
    const spec = generateSpec(random, schema);
    const text = JSON.stringify(spec);
    const crate = await validator.check(text);
    valid += crate.valid ? 1 : 0;
    const difference = unexplained(spec, crate, validate, exceptions);
    if (difference !== undefined) {
      differences.push(`${difference}\n  ${text}`);
    }
  }
  return { valid, differences };
}

if (isMain(import.meta.url)) {
  await main(async () => {
    const { values } = parseArgs({
      options: { count: { type: "string", default: "200000" }, seed: { type: "string", default: "1" } },
    });
    const [count, seed] = [Number(values.count), Number(values.seed)];
    const directory = await mkdtemp(join(tmpdir(), "zlayer-schema-"));
    try {
      const { valid, differences } = await compareSchema({ count, seed, validator: await editorValidator(directory) });
      if (differences.length > 0) {
        throw new Error(`seed ${seed}: the schema and ZLayer differ:\n${differences.join("\n")}`);
      }
      console.log(`seed ${seed}: ${count} specs, ${valid} of them valid, no unexplained difference`);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
}
