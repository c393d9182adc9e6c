// The published JSON Schema against the crate: every difference is on docs/schema-exceptions.md, with an example that shows it.
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { compareSchema } from "../../scripts/compare-schema.mjs";
import { editorValidator } from "../../scripts/lib/language-modules.mjs";
import { loadSchema, readExceptions, unexplained } from "../../scripts/lib/schema-verdicts.mjs";

const SEED = 20_261;
const { validate } = await loadSchema();
const exceptions = await readExceptions();
let directory: string;
let validator: Awaited<ReturnType<typeof editorValidator>>;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "zlayer-schema-"));
  validator = await editorValidator(directory);
}, 900_000);
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** The value of a YAML text, with tags left out as a JSON Schema's user sees it; nothing where it is no single document. */
function readValue(text: string): unknown {
  const [document, ...more] = parseAllDocuments(text, { logLevel: "silent", uniqueKeys: true });
  const isOne = document !== undefined && "toJS" in document && more.length === 0 && document.errors.length === 0;
  return isOne ? document.toJS({ maxAliasCount: -1 }) : undefined;
}

function corpus(): { name: string; text: string }[] {
  const problems = ["problems", "unserved"].flatMap((kind) => {
    const from = join("runtime-sidecar/crates/spec/tests", kind);
    return readdirSync(from).map((name) => ({
      name,
      text: readFileSync(join(from, name), "utf8").split("#>")[0] ?? "",
    }));
  });
  const samples = readdirSync("samples", { recursive: true, encoding: "utf8" })
    .filter((name) => /zlayer\.ya?ml$/.test(name))
    .map((name) => ({ name, text: readFileSync(join("samples", name), "utf8") }));
  const pages = readdirSync("docs/rules").flatMap((name) =>
    [...readFileSync(join("docs/rules", name), "utf8").matchAll(/```yaml (?:bad|good)\n([\s\S]*?)\n```/g)].map(
      ([, example], at) => ({ name: `${name} ${at + 1}`, text: whole(example ?? "") }),
    ),
  );
  return [...problems, ...samples, ...pages];
}

function whole(example: string): string {
  if (/^(version:|#|\uFEFF)/.test(example)) {
    return example;
  }
  const head = "version: v1\ndeployment: demo\n";
  return example.startsWith("services:")
    ? head + example
    : `${head}services:\n  web:\n${(/^image:/m.test(example) ? example : `image: { name: nginx:1.27 }\n${example}`).replace(/^/gm, "    ")}\n`;
}

test("on the corpus the schema says what ZLayer says", async () => {
  const differences: string[] = [];
  let compared = 0;
  for (const { name, text } of corpus()) {
    const value = readValue(text);
    if (value === undefined || text.startsWith("\uFEFF")) {
      continue;
    }
    compared += 1;
    const difference = unexplained(value, await validator.check(text), validate, exceptions);
    if (difference !== undefined) {
      differences.push(`${name}: ${difference}`);
    }
  }
  expect(differences).toEqual([]);
  expect(compared).toBeGreaterThan(100);
});

test("on 10,000 generated specs too", async () => {
  const { valid, differences } = await compareSchema({ count: 10_000, seed: SEED, validator });
  expect(differences).toEqual([]);
  expect(valid).toBeGreaterThan(3_000);
  expect(valid).toBeLessThan(9_000);
}, 120_000);

describe("every exception is one still", () => {
  for (const { by, what, where, example } of exceptions) {
    test(`${by} alone refuses: ${what} at ${where}`, async () => {
      const head = example.startsWith("deployment:") ? "version: v1\n" : "version: v1\ndeployment: demo\n";
      const text = `${head}${example.replace("LONG", "a".repeat(256))}\n`;
      const crate = await validator.check(text);
      const value = readValue(text);
      expect({ zlayer: !crate.valid, schema: !validate(value) }).toEqual({
        zlayer: by === "zlayer",
        schema: by === "schema",
      });
      expect(unexplained(value, crate, validate, exceptions)).toBeUndefined();
      const others = exceptions.filter((row) => !(row.by === by && row.what === what && row.where === where));
      expect(unexplained(value, crate, validate, others)).toBeDefined();
    });
  }
});
