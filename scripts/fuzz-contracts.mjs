// The long run of the contracts' invariants: over five million calls, about an hour on one idle core.
//   node scripts/fuzz-contracts.mjs [--from 1] [--to 10] [--runs 1280]
// Each seed is a run of its own, so several processes can share the seeds. What a seed did is kept beside the cache, for these very
// sources only: a run that was stopped goes on with the seed at which it stopped.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CONTRACTS, forge } from "./lib/foundry.mjs";
import { CACHE } from "./lib/paths.mjs";
import { main } from "./lib/run.mjs";

const WANTED_CALLS = 5_000_000;

/** Names what is tested: sources, invariants and settings. */
async function fingerprint() {
  const hash = createHash("sha256").update(await readFile(join(CONTRACTS, "foundry.toml")));
  for (const directory of ["src", "test/invariant", "test/support"]) {
    const files = await readdir(join(CONTRACTS, directory), { recursive: true });
    for (const file of files.filter((name) => name.endsWith(".sol")).sort()) {
      hash.update(file).update(await readFile(join(CONTRACTS, directory, file)));
    }
  }
  return hash.digest("hex").slice(0, 16);
}

/** Calls that one seed makes, over all invariants. */
async function fuzz(seed, runs) {
  let calls = 0;
  await forge(["test", "--match-contract", "MarketInvariants"], {
    env: { FOUNDRY_PROFILE: "long", FOUNDRY_FUZZ_SEED: `0x${seed.toString(16)}`, FOUNDRY_INVARIANT_RUNS: String(runs) },
    onLine: (line) => {
      calls += Number(/\[PASS\] invariant_\w+\(\) \(runs: \d+, calls: (\d+)/.exec(line)?.[1] ?? 0);
    },
  });
  return calls;
}

await main(async () => {
  const number = (fallback) => ({ type: "string", default: String(fallback) });
  const { values } = parseArgs({ options: { from: number(1), to: number(10), runs: number(1280) } });
  const [from, to, runs] = [values.from, values.to, values.runs].map((text, i) => {
    if (!/^[1-9]\d*$/.test(text)) {
      throw new Error(`--${["from", "to", "runs"][i]} is a whole number from 1, not "${text}"`);
    }
    return Number(text);
  });
  const directory = join(CACHE, "contracts-fuzz", await fingerprint());
  await mkdir(directory, { recursive: true });
  for (let seed = from; seed <= to; seed++) {
    const file = join(directory, `${seed}-${runs}.json`);
    const before = await readFile(file, "utf8").catch(() => undefined);
    if (before === undefined) {
      await writeFile(file, `${JSON.stringify({ seed, calls: await fuzz(seed, runs) })}\n`);
    } else {
      console.log(`seed ${seed} has been run with these sources: ${before.trim()}`);
    }
  }
  let sum = 0;
  const files = await readdir(directory);
  for (const file of files) {
    sum += JSON.parse(await readFile(join(directory, file), "utf8")).calls;
  }
  console.log(`${sum} calls with ${files.length} seeds, all invariants kept; wanted: ${WANTED_CALLS}`);
});
