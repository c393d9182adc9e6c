// Mutation test of the contracts' arithmetic: changes one operator or number at a time and expects a unit test to notice.
//   node scripts/mutate-contracts.mjs [FILE…]        for example libraries/Payout.sol
// Half a minute a mutant on one core. Ends with 1 when a mutant survives that is not answered in contracts/README.md.
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CONTRACTS, forge } from "./lib/foundry.mjs";
import { ROOT } from "./lib/paths.mjs";
import { CommandFailed, main } from "./lib/run.mjs";

/** Functions that compute with money, shares or times, by file below contracts/src. */
const TARGETS = {
  "libraries/Payout.sol": ["due"],
  "types/Values.sol": ["costOf", "bps", "add", "subtract", "toAmount"],
  "market/JobEnding.sol": ["_settle", "_expiresAt", "burnFees"],
  "market/MarketBase.sol": ["_escrow", "_endsAt"],
  "market/JobService.sol": ["_fund", "stop"],
  "RewardDistribution.sol": ["_served", "_releaseBond", "bondFor", "finalize"],
  "NodeRegistry.sol": [
    "lock",
    "release",
    "quote",
    "unbond",
    "_unbond",
    "_after",
    "_slash",
    "_stakeFor",
    "_eligibility",
  ],
};

/** What is replaced by what; a mutant that does not compile counts for nothing. */
const RULES = [
  [" + ", [" - "]],
  [" - ", [" + "]],
  [" * ", [" / "]],
  [" / ", [" * "]],
  [" < ", [" <= ", " > "]],
  [" <= ", [" < "]],
  [" > ", [" >= ", " < "]],
  [" == ", [" != "]],
  [" != ", [" == "]],
  [" && ", [" || "]],
  [/\b[1-9]\d*\b/, [(text) => String(Number(text) + 1)]],
];

/** Equivalent mutants, with the reason why no test can notice them. */
const ANSWERED = JSON.parse(await readFile(join(CONTRACTS, "test", "mutants.json"), "utf8"));

/** The mutants of one file: `{ file, line, from, to, text }`. */
function mutantsOf(file, source, names) {
  const mutants = [];
  const lines = source.split("\n");
  let inside = false;
  let indent = "";
  for (const [index, line] of lines.entries()) {
    const head = /^(\s*)function (\w+)\(/.exec(line);
    if (head) {
      inside = names.includes(head[2]);
      indent = head[1];
    }
    const isCode = inside && !/^\s*(\/\/|emit |function |revert )/.test(line) && !head;
    for (const [pattern, replacements] of isCode ? RULES : []) {
      const regex =
        typeof pattern === "string" ? new RegExp(pattern.replace(/[+*/]/g, "\\$&"), "g") : new RegExp(pattern, "g");
      for (const match of line.matchAll(regex)) {
        for (const replacement of replacements) {
          const by = typeof replacement === "string" ? replacement : replacement(match[0]);
          const mutated = line.slice(0, match.index) + by + line.slice(match.index + match[0].length);
          mutants.push({
            file,
            line: line.trim(),
            mutated: mutated.trim(),
            text: lines.with(index, mutated).join("\n"),
          });
        }
      }
    }
    if (line === `${indent}}`) {
      inside = false;
    }
  }
  return mutants;
}

async function project() {
  const copy = await mkdtemp(join(tmpdir(), "zlayer-mutants-"));
  for (const name of ["src", "test"]) {
    await cp(join(CONTRACTS, name), join(copy, name), { recursive: true });
  }
  // What stands in the way of a quick build, or asserts gas and not behaviour.
  for (const name of ["test/invariant", "test/symbolic", "test/unit/Gas.t.sol"]) {
    await rm(join(copy, name), { recursive: true });
  }
  await symlink(join(CONTRACTS, "tools"), join(copy, "tools"));
  const config = await readFile(join(CONTRACTS, "foundry.toml"), "utf8");
  const quick = config.replace("via_ir = true", "via_ir = false");
  await writeFile(join(copy, "foundry.toml"), quick.replaceAll("../node_modules", join(ROOT, "node_modules")));
  return copy;
}

/** How the tests end: "passed", "failed", or "stillborn" when it does not compile. */
async function outcome(copy) {
  try {
    await forge(["test", "--fail-fast"], { cwd: copy, capture: true, env: { FOUNDRY_FUZZ_RUNS: "64" } });
    return "passed";
  } catch (error) {
    if (!(error instanceof CommandFailed)) {
      throw error;
    }
    return /Compiler run failed|Compilation failed/.test(error.output) ? "stillborn" : "failed";
  }
}

await main(async () => {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((file) => !(file in TARGETS));
  if (unknown.length > 0) {
    throw new Error(`no arithmetic is known in ${unknown.join(", ")}; there is ${Object.keys(TARGETS).join(", ")}`);
  }
  const copy = await project();
  try {
    if ((await outcome(copy)) !== "passed") {
      throw new Error("the tests fail without a mutant: run npm test -- contracts");
    }
    const counts = { killed: 0, answered: 0, survived: 0 };
    for (const [file, names] of Object.entries(TARGETS)) {
      if (wanted.length > 0 && !wanted.includes(file)) {
        continue;
      }
      const path = join(copy, "src", file);
      const source = await readFile(path, "utf8");
      for (const mutant of mutantsOf(file, source, names)) {
        await writeFile(path, mutant.text);
        const result = await outcome(copy);
        const answer = ANSWERED.find(({ from, to }) => from === mutant.line && to === mutant.mutated);
        const verdict = { stillborn: "stillborn", failed: "killed", passed: answer ? "answered" : "survived" }[result];
        counts[verdict] = (counts[verdict] ?? 0) + 1;
        console.log(`${verdict.padEnd(9)} ${file}: ${mutant.line}  ->  ${mutant.mutated}`);
      }
      await writeFile(path, source);
    }
    console.log(JSON.stringify(counts));
    if (counts.survived > 0) {
      throw new Error("a mutant survived: add a test that notices it, or answer it in contracts/test/mutants.json");
    }
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
});
