// Everything that can be said about the source without running it. `npm run check`; seconds when warm.
import { join } from "node:path";
import { bootstrap } from "./bootstrap.mjs";
import { CONTRACTS, forge } from "./lib/foundry.mjs";
import { importViolations } from "./lib/layers.mjs";
import { CARGO_ENV, ROOT } from "./lib/paths.mjs";
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

const CHECKS = [
  ["format and lint", () => run(bin("biome"), ["check", "--error-on-warnings", "."], { cwd: ROOT })],
  ["types", () => run(bin("tsc"), ["-p", "."], { cwd: ROOT })],
  ["types of the webviews", () => run(bin("tsc"), ["-p", "src/webviews"], { cwd: ROOT })],
  ["types of the webviews' tests", () => run(bin("tsc"), ["-p", "test/webviews"], { cwd: ROOT })],
  ["layers", layers],
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
