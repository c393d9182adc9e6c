// Runs everything that is tested, or the parts that are named: `npm test`, `npm test -- unit rust`.
// Goes on after a failure; the last line sums up all runners.
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { bootstrap, buildSidecar, bundle } from "./bootstrap.mjs";
import { check } from "./check.mjs";
import { forge } from "./lib/foundry.mjs";
import { kubo, NoKubo } from "./lib/kubo.mjs";
import { CARGO_ENV, ROOT, TEST_RESULTS } from "./lib/paths.mjs";
import { duration, main, run } from "./lib/run.mjs";
import { packageExtension } from "./package.mjs";
import { proveContracts } from "./prove-contracts.mjs";
import { checkFindings } from "./slither-contracts.mjs";

/** @typedef {{ passed: number, failed: number }} Counts */

/** Runs one of the vitest configurations. */
async function vitest(name, env = {}, more = []) {
  const report = join(TEST_RESULTS, `${name}.json`);
  await rm(report, { force: true });
  const args = ["run", "--config", `vitest.${name}.config.ts`, "--passWithNoTests", ...more];
  const ended = await run(
    join(ROOT, "node_modules", ".bin", "vitest"),
    [...args, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
    { cwd: ROOT, env },
  ).catch((error) => error);
  const result = JSON.parse(await readFile(report, "utf8"));
  const counts = { passed: result.numPassedTests, failed: result.numFailedTests };
  // A file that cannot be loaded has no failed test, but is a failure.
  return ended instanceof Error && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

async function rust() {
  const counts = { passed: 0, failed: 0 };
  const ended = await run("cargo", ["test", "--locked", "--workspace", "--no-fail-fast"], {
    cwd: join(ROOT, "runtime-sidecar"),
    env: CARGO_ENV,
    onLine: (line) => {
      const found = /^test result: \w+\. (\d+) passed; (\d+) failed/.exec(line);
      counts.passed += Number(found?.[1] ?? 0);
      counts.failed += Number(found?.[2] ?? 0);
    },
  }).catch((error) => error);
  return ended instanceof Error && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

/** The contracts' tests, the proofs of their arithmetic, and Slither's findings; gas that differs from the committed snapshots fails. */
async function contracts() {
  const counts = { passed: 0, failed: 0 };
  const onLine = (line) => {
    const found = /^(?:Suite result: \w+\.|Symbolic test result:) (\d+) passed; (\d+) failed/.exec(line);
    counts.passed += Number(found?.[1] ?? 0);
    counts.failed += Number(found?.[2] ?? 0);
  };
  for (const work of [
    () => forge(["test"], { env: { FORGE_SNAPSHOT_CHECK: "true" }, onLine }),
    () => proveContracts(onLine),
    async () => {
      await checkFindings();
      counts.passed += 1;
    },
  ]) {
    const before = counts.failed;
    await work().catch((error) => {
      console.error(`error: ${error.message}`);
      // What ended without a result of its own is a failure as well.
      counts.failed += counts.failed === before ? 1 : 0;
    });
  }
  return counts;
}

/** What needs an IPFS node is left out, with the reason, on a machine that has none and cannot build one. */
async function integration() {
  const env = { ZLAYER_SIDECAR: await buildSidecar() };
  try {
    return await vitest("integration", { ...env, KUBO: await kubo() });
  } catch (error) {
    if (!(error instanceof NoKubo)) {
      throw error;
    }
    console.warn(`  without test/integration/ipfs.test.ts: ${error.message}`);
    return vitest("integration", env, ["--exclude", "test/integration/ipfs.test.ts"]);
  }
}

/** Counts a part that either works or throws as one test. */
async function asOneTest(work) {
  await work();
  return { passed: 1, failed: 0 };
}

/** The parts in their order; each one's key is its name on the command line. */
const PARTS = {
  check: async () => {
    const failed = await check();
    return { passed: 0, failed: failed.length };
  },
  unit: async () => {
    // With the validator, which takes minutes to build where nothing is cached: longer than a test waits.
    await bundle();
    return vitest("unit");
  },
  rust,
  contracts,
  webviews: async () => {
    await bundle();
    return vitest("webviews");
  },
  package: () => asOneTest(packageExtension),
  integration,
  e2e: () => vitest("e2e"),
};

function chosen(names) {
  const unknown = names.filter((name) => !(name in PARTS));
  if (unknown.length > 0) {
    throw new Error(`no part is called ${unknown.join(", ")}; there are ${Object.keys(PARTS).join(", ")}`);
  }
  return names.length > 0 ? Object.keys(PARTS).filter((name) => names.includes(name)) : Object.keys(PARTS);
}

await main(async () => {
  const parts = chosen(process.argv.slice(2));
  const start = performance.now();
  await bootstrap(["test", "browser"]);
  await mkdir(TEST_RESULTS, { recursive: true });
  const rows = [];
  for (const name of parts) {
    console.log(`\n==== ${name}`);
    const partStart = performance.now();
    const counts = await PARTS[name]().catch((error) => {
      console.error(`${error.output ?? ""}\nerror: ${error.message}`);
      return { passed: 0, failed: 1 };
    });
    rows.push({ name, ...counts, took: duration(performance.now() - partStart) });
  }
  console.log("");
  for (const { name, passed, failed, took } of rows) {
    console.log(
      `${name.padEnd(12)} ${String(passed).padStart(5)} passed ${String(failed).padStart(4)} failed   ${took}`,
    );
  }
  console.log(`${"all".padEnd(12)} ${duration(performance.now() - start)}\n`);
  const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
  console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
  process.exitCode = sum("failed") > 0 ? 1 : 0;
});
