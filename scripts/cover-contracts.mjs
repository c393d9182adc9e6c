// Branch coverage of the contracts' tests: `node scripts/cover-contracts.mjs`.
// forge coverage resolves imports only below the project, so a copy with its own node_modules is measured.
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CONTRACTS, forge } from "./lib/foundry.mjs";
import { ROOT } from "./lib/paths.mjs";
import { main } from "./lib/run.mjs";

const WANTED_PERCENT = 98;

await main(async () => {
  const copy = await mkdtemp(join(tmpdir(), "zlayer-contracts-"));
  try {
    for (const name of ["src", "test"]) {
      await cp(join(CONTRACTS, name), join(copy, name), { recursive: true });
    }
    const library = join("node_modules", "@openzeppelin", "contracts");
    await cp(join(ROOT, library), join(copy, library), { recursive: true });
    const config = await readFile(join(CONTRACTS, "foundry.toml"), "utf8");
    // The compiler stays where its own modules are.
    await symlink(join(CONTRACTS, "tools"), join(copy, "tools"));
    await writeFile(join(copy, "foundry.toml"), config.replaceAll("../node_modules", "node_modules"));
    const uncovered = { branches: 0, all: 0 };
    let file = "";
    await forge(["coverage", "--no-match-contract", "GasTest", "--report", "summary", "--report", "lcov"], {
      cwd: copy,
      env: { FOUNDRY_INVARIANT_RUNS: "8" },
    });
    for (const line of (await readFile(join(copy, "lcov.info"), "utf8")).split("\n")) {
      file = line.startsWith("SF:") ? line.slice(3) : file;
      if (line.startsWith("BRDA:") && file.startsWith("src/")) {
        uncovered.all += 1;
        uncovered.branches += /,(0|-)$/.test(line) ? 1 : 0;
      }
    }
    const percent = 100 * (1 - uncovered.branches / uncovered.all);
    console.log(`branches of src: ${percent.toFixed(2)} % of ${uncovered.all}`);
    if (percent < WANTED_PERCENT) {
      throw new Error(`at least ${WANTED_PERCENT} % of the branches are to be covered`);
    }
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
});
