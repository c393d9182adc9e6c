// Everything that can be said about the source without running it. `npm run check`; seconds when warm.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { bootstrap } from "./bootstrap.mjs";
import { CONTRACTS, forge } from "./lib/foundry.mjs";
import { importViolations } from "./lib/layers.mjs";
import { CARGO_ENV, ROOT } from "./lib/paths.mjs";
import { missingQuotes } from "./lib/quoted-tests.mjs";
import { isMain, main, run, step } from "./lib/run.mjs";

const bin = (name) => join(ROOT, "node_modules", ".bin", name);
const cargo = (...args) => run("cargo", args, { cwd: join(ROOT, "runtime-sidecar"), env: CARGO_ENV });

/** Runs a generator so that it compares only. */
const script = (name) => run(process.execPath, [join("scripts", name), "--check"], { cwd: ROOT, env: CARGO_ENV });

async function layers() {
  const violations = await importViolations(join(ROOT, "src"));
  if (violations.length > 0) {
    throw new Error(`imports that cross a layer (ARCHITECTURE.md):\n${violations.join("\n")}`);
  }
}

/** Whether the tests that documents name as keepers of their promises are there. */
async function quotedTests() {
  const listed = await run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: ROOT,
    capture: true,
  });
  const read = (path) => readFile(join(ROOT, path), "utf8").catch(() => undefined);
  const tree = new Map();
  for (const path of listed.split("\0").filter(Boolean)) {
    const text = /\.(ts|mjs|rs|sol|toml)$/.test(path) ? await read(path) : "";
    // A file that is removed but not committed yet is listed too.
    if (text !== undefined) {
      tree.set(path, text);
    }
  }
  const documents = ["SPECIFICATION.md", join("docs", "threat-model.md")];
  const missing = await Promise.all(
    documents.map(async (path) => missingQuotes(path, await readFile(join(ROOT, path), "utf8"), tree)),
  );
  if (missing.flat().length > 0) {
    throw new Error(missing.flat().join("\n"));
  }
}

const CHECKS = [
  ["format and lint", () => run(bin("biome"), ["check", "--error-on-warnings", "."], { cwd: ROOT })],
  ["types", () => run(bin("tsc"), ["-p", "."], { cwd: ROOT })],
  ["types of the webviews", () => run(bin("tsc"), ["-p", "src/webviews"], { cwd: ROOT })],
  ["types of the webviews' tests", () => run(bin("tsc"), ["-p", "test/webviews"], { cwd: ROOT })],
  ["layers", layers],
  ["tests that documents name", quotedTests],
  ["Rust format", () => cargo("fmt", "--all", "--check")],
  [
    "Rust lints",
    () => cargo("clippy", "--quiet", "--locked", "--workspace", "--all-targets", "--", "--deny", "warnings"),
  ],
  ["Solidity format", () => forge(["fmt", "--check"])],
  ["test vectors", () => run(process.execPath, [join(CONTRACTS, "test", "vectors", "generate.mjs"), "--check"])],
  ["generated ABIs", () => script("generate-abi.mjs")],
  ["generated files", () => script("generate.mjs")],
  ["generated schema", () => script("generate-schema.mjs")],
];

/**
 * Runs all checks, also after one has failed.
 *
 * @returns {Promise<string[]>} names of those that failed
 */
export async function check() {
  const failed = [];
  for (const [name, work] of CHECKS) {
    await step(name, work).catch((error) => {
      console.error(error.message);
      failed.push(name);
    });
  }
  return failed;
}

if (isMain(import.meta.url)) {
  await main(async () => {
    await bootstrap([]);
    const failed = await check();
    if (failed.length > 0) {
      throw new Error(`failed: ${failed.join(", ")}`);
    }
  });
}
