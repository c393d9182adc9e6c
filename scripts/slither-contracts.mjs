// Static analysis of the contracts by Slither: `node scripts/slither-contracts.mjs`. Needs python3 with venv; a minute on one core.
// Ends with 1 when a finding has no answer in contracts/SLITHER.md, or an answer no finding.
import { access, cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { CONTRACTS, foundryProgram } from "./lib/foundry.mjs";
import { CACHE, ROOT } from "./lib/paths.mjs";
import { CommandFailed, isMain, main, run } from "./lib/run.mjs";

const SLITHER = "0.11.6";

/** Python's virtual environment with Slither; made at the first run. */
async function slither() {
  const venv = join(CACHE, `slither-${SLITHER}`);
  const program = join(venv, "bin", "slither");
  const isThere = await access(program).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    await run("python3", ["-m", "venv", "--clear", venv]);
    await run(join(venv, "bin", "pip"), ["install", "--quiet", `slither-analyzer==${SLITHER}`]);
  }
  return program;
}

/** Where a finding is: `Contract.function`, or `Contract.function.variable`. */
function placeOf({ elements: [element] }) {
  const names = [];
  for (let at = element; at !== undefined && /^(contract|function|variable)$/.test(at.type); ) {
    names.unshift(at.name);
    at = at.type_specific_fields?.parent;
  }
  return names.join(".");
}

/** The rows of the table in SLITHER.md, as `detector place`; a place may have a star for any name. */
async function answers() {
  const rows = (await readFile(join(CONTRACTS, "SLITHER.md"), "utf8"))
    .split("\n")
    .filter((line) => line.startsWith("| `"));
  return rows.flatMap((row) => {
    const [, detector, where] = row.split("|").map((cell) => cell.trim().replaceAll("`", ""));
    return where.split(", ").map((place) => `${detector} ${place}`);
  });
}

const matches = (answer, finding) =>
  new RegExp(`^${answer.replaceAll(".", "\\.").replaceAll("*", "\\w+")}$`).test(finding);

/** A project that Slither can read: its own node modules, and none of the tests. */
async function analyse() {
  const program = await slither();
  const copy = await mkdtemp(join(tmpdir(), "zlayer-slither-"));
  try {
    await cp(join(CONTRACTS, "src"), join(copy, "src"), { recursive: true });
    const library = join("node_modules", "@openzeppelin", "contracts");
    await cp(join(ROOT, library), join(copy, library), { recursive: true });
    await symlink(join(CONTRACTS, "tools"), join(copy, "tools"));
    const config = (await readFile(join(CONTRACTS, "foundry.toml"), "utf8"))
      .replaceAll("../node_modules", "node_modules")
      .replace("via_ir = true", "via_ir = false")
      .replace("optimizer = true", "optimizer = false");
    await writeFile(join(copy, "foundry.toml"), config);
    const report = join(copy, "slither.json");
    const path = [dirname(program), dirname(foundryProgram("forge")), process.env.PATH].join(delimiter);
    const args = [".", "--filter-paths", "node_modules", "--json", report];
    await run(program, args, { cwd: copy, capture: true, env: { PATH: path } }).catch(async (error) => {
      // It exits with 255 when it found something.
      if (!(error instanceof CommandFailed) || !(await readFile(report, "utf8").catch(() => ""))) {
        throw error;
      }
    });
    const { success, error, results } = JSON.parse(await readFile(report, "utf8"));
    if (!success) {
      throw new Error(`Slither could not analyse the contracts: ${error}`);
    }
    return results.detectors ?? [];
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/**
 * Compares what Slither finds with the answers.
 *
 * @throws {Error} when a finding has no answer, or an answer no finding
 */
export async function checkFindings() {
  const found = (await analyse()).map((finding) => ({ name: `${finding.check} ${placeOf(finding)}`, finding }));
  const known = await answers();
  const unanswered = found.filter(({ name }) => !known.some((answer) => matches(answer, name)));
  const stale = known.filter((answer) => !found.some(({ name }) => matches(answer, name)));
  console.log(
    `${found.length} findings, ${unanswered.length} without an answer, ${stale.length} answers without a finding`,
  );
  if (unanswered.length > 0) {
    const list = unanswered.map(({ name, finding }) => `${name} (${finding.impact})\n  ${finding.description.trim()}`);
    throw new Error(`mend these, or answer them in contracts/SLITHER.md:\n${list.join("\n")}`);
  }
  if (stale.length > 0) {
    throw new Error(`take these out of contracts/SLITHER.md, nothing is found there any more:\n${stale.join("\n")}`);
  }
}

if (isMain(import.meta.url)) {
  await main(checkFindings);
}
