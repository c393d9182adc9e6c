// Symbolic checks of the payout arithmetic by halmos and z3: `node scripts/prove-contracts.mjs`. Needs python3 with venv; half a minute.
import { access, cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { CONTRACTS, foundryProgram } from "./lib/foundry.mjs";
import { CACHE } from "./lib/paths.mjs";
import { isMain, main, run } from "./lib/run.mjs";

const HALMOS = "0.3.3";

/** Python's virtual environment with halmos; made at the first run. */
async function halmos() {
  const venv = join(CACHE, `halmos-${HALMOS}`);
  const program = join(venv, "bin", "halmos");
  const there = await access(program).then(
    () => true,
    () => false,
  );
  if (!there) {
    await run("python3", ["-m", "venv", "--clear", venv]);
    await run(join(venv, "bin", "pip"), ["install", "--quiet", `halmos==${HALMOS}`]);
  }
  return program;
}

/**
 * Proves the properties in contracts/test/symbolic.
 *
 * @param {(line: string) => void} [onLine] is called with each line that halmos prints
 * @throws {Error} when one does not hold or cannot be decided in time
 */
export async function proveContracts(onLine) {
  const program = await halmos();
  // Halmos compiles all that is in a project; this one has the arithmetic only.
  const copy = await mkdtemp(join(tmpdir(), "zlayer-proofs-"));
  try {
    const files = ["src/libraries/Payout.sol", "src/types/Values.sol", "test/support/TestBase.sol", "test/symbolic"];
    for (const file of files) {
      await cp(join(CONTRACTS, file), join(copy, file), { recursive: true });
    }
    await symlink(join(CONTRACTS, "tools"), join(copy, "tools"));
    const config = await readFile(join(CONTRACTS, "foundry.toml"), "utf8");
    await writeFile(
      join(copy, "foundry.toml"),
      config.replaceAll(/^(libs|remappings|allow_paths|fs_permissions) = .*$/gm, ""),
    );
    const path = [dirname(program), dirname(foundryProgram("forge")), process.env.PATH].join(delimiter);
    await run(program, ["--function", "check_", "--solver-timeout-assertion", "60s"], {
      cwd: copy,
      env: { PATH: path },
      onLine,
    });
    // Halmos brings z3 with it.
    const python = join(dirname(program), "python");
    await run(python, [join(CONTRACTS, "test", "symbolic", "payout_lemmas.py")], { onLine });
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

if (isMain(import.meta.url)) {
  await main(() => proveContracts());
}
