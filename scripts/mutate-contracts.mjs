// Mutation test of the contracts: changes one operator, number, condition or statement at a time and expects a unit test to notice.
//   node scripts/mutate-contracts.mjs [--list] [--survivors] [--jobs N] [FILE…]        for example libraries/Payout.sol
// All mutants are compiled at once, which takes some minutes; each one then costs a run of the unit tests, some seconds on one core.
// What each one came to is in test-results/mutants.json; --survivors leaves out those that were killed there. Ends with 1 when a mutant survives that is not answered in contracts/test/mutants.json.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { CONTRACTS, forge } from "./lib/foundry.mjs";
import { MUTANT, MUTANT_SOURCE, syntaxTrees, weave } from "./lib/mutants.mjs";
import { CACHE, ROOT, TEST_RESULTS } from "./lib/paths.mjs";
import { CommandFailed, main } from "./lib/run.mjs";

/** Mutants that no test can tell from the original, with the reason: `{ file, from, to, why }`. */
const ANSWERED = JSON.parse(await readFile(join(CONTRACTS, "test", "mutants.json"), "utf8"));

/** Sources by their path below contracts/src; interfaces have no code. */
async function sources() {
  const paths = (await readdir(join(CONTRACTS, "src"), { recursive: true })).filter((path) => path.endsWith(".sol"));
  const texts = await Promise.all(paths.map((path) => readFile(join(CONTRACTS, "src", path), "utf8")));
  return Object.fromEntries(paths.map((path, i) => [path, texts[i]]).sort());
}

/** Weaves all mutants of all sources. */
function weaveAll(texts) {
  const trees = syntaxTrees(texts, (path) => readFileSync(join(ROOT, "node_modules", path), "utf8"));
  const woven = {};
  const mutants = [];
  for (const [path, source] of Object.entries(texts)) {
    const result = weave(path, source, trees[path], mutants.length + 1);
    if (result.mutants.length > 0) {
      woven[path] = result.text;
      mutants.push(...result.mutants);
    }
  }
  return { woven, mutants };
}

/** A copy of the project with all mutants. It is kept, since compiling it takes minutes. */
async function project(woven) {
  const copy = join(CACHE, `contracts-mutants-${createHash("sha256").update(ROOT).digest("hex").slice(0, 8)}`);
  await mkdir(copy, { recursive: true });
  for (const name of ["src", "test"]) {
    await rm(join(copy, name), { recursive: true, force: true });
    await cp(join(CONTRACTS, name), join(copy, name), { recursive: true });
  }
  // What takes long, proves instead of tests, or asserts gas and not behaviour.
  for (const name of ["test/invariant", "test/symbolic", "test/unit/Gas.t.sol"]) {
    await rm(join(copy, name), { recursive: true });
  }
  await rm(join(copy, "tools"), { force: true });
  await symlink(join(CONTRACTS, "tools"), join(copy, "tools"));
  const config = await readFile(join(CONTRACTS, "foundry.toml"), "utf8");
  await writeFile(
    join(copy, "foundry.toml"),
    config
      .replaceAll("../node_modules", join(ROOT, "node_modules"))
      .replace("optimizer_runs = 1500", "optimizer_runs = 1\ncode_size_limit = 1000000"),
  );
  await writeFile(join(copy, "src", "Mutant.sol"), MUTANT_SOURCE);
  for (const [path, text] of Object.entries(woven)) {
    await writeFile(join(copy, "src", path), text);
  }
  return copy;
}

/** Whether the unit tests pass with a mutant; with none for 0. */
async function passes(copy, number) {
  const env = { FOUNDRY_FUZZ_RUNS: "64", RAYON_NUM_THREADS: "1", [MUTANT]: String(number) };
  try {
    await forge(["test", "--fail-fast"], { cwd: copy, capture: true, env });
    return true;
  } catch (error) {
    if (!(error instanceof CommandFailed) || !/\[FAIL/.test(error.output)) {
      throw error;
    }
    return false;
  }
}

await main(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { list: { type: "boolean" }, survivors: { type: "boolean" }, jobs: { type: "string" } },
  });
  const jobs = Number(values.jobs ?? availableParallelism());
  if (!Number.isInteger(jobs) || jobs < 1) {
    throw new Error(`--jobs is a whole number from 1, not "${values.jobs}"`);
  }
  const { woven, mutants } = weaveAll(await sources());
  const unknown = positionals.filter((file) => !(file in woven));
  if (unknown.length > 0) {
    throw new Error(`no code is in ${unknown.join(", ")}; there is ${Object.keys(woven).join(", ")}`);
  }
  const report = join(TEST_RESULTS, "mutants.json");
  const before = values.survivors ? JSON.parse(await readFile(report, "utf8")) : [];
  const killed = new Set(before.filter(({ verdict }) => verdict === "killed").map(({ number }) => number));
  const chosen = mutants.filter(
    ({ file, number }) => (positionals.length === 0 || positionals.includes(file)) && !killed.has(number),
  );
  const isAnswerOf = (mutant) => (answer) => ["file", "from", "to"].every((key) => answer[key] === mutant[key]);
  const stale = ANSWERED.filter((answer) => !mutants.some((mutant) => isAnswerOf(mutant)(answer)));
  if (stale.length > 0) {
    throw new Error(
      `contracts/test/mutants.json answers what is no mutant (any more): ${JSON.stringify(stale, null, 2)}`,
    );
  }
  const show = ({ file, line, from, to }) => `${file}:${line}: ${from}  ->  ${to || "(nothing)"}`;
  if (values.list) {
    console.log(chosen.map(show).join("\n"));
    return;
  }
  const copy = await project(woven);
  console.log(`compiling ${mutants.length} mutants`);
  if (!(await passes(copy, 0))) {
    throw new Error("the tests fail without a mutant: run npm test -- contracts");
  }
  const results = [];
  const waiting = [...chosen];
  const worker = async () => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const survived = await passes(copy, mutant.number);
      const answered = ANSWERED.some(isAnswerOf(mutant));
      const verdict = survived ? (answered ? "answered" : "survived") : "killed";
      results.push({ verdict, ...mutant });
      console.log(`${String(results.length).padStart(4)}/${chosen.length} ${verdict.padEnd(9)} ${show(mutant)}`);
      if (!survived && answered) {
        throw new Error("a test does notice this mutant: take its answer out of contracts/test/mutants.json");
      }
    }
  };
  await mkdir(dirname(report), { recursive: true });
  try {
    await Promise.all(Array.from({ length: jobs }, worker));
  } finally {
    const all = [...before.filter(({ number }) => !results.some((result) => result.number === number)), ...results];
    await writeFile(
      report,
      `${JSON.stringify(
        all.sort((a, b) => a.number - b.number),
        null,
        2,
      )}\n`,
    );
  }
  const count = (verdict) => results.filter((result) => result.verdict === verdict).length;
  const survivors = results.filter(({ verdict }) => verdict === "survived");
  console.log(
    `\n${results.length} mutants: ${count("killed")} killed, ${count("answered")} equivalent, ${survivors.length} survived`,
  );
  if (survivors.length > 0) {
    throw new Error(
      `these survived: add a test that notices, or answer it in contracts/test/mutants.json\n${survivors.map(show).join("\n")}`,
    );
  }
});
