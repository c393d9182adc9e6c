// Foundry's programs, as the npm packages of this platform carry them, and where the contracts are.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { ROOT } from "./paths.mjs";
import { run } from "./run.mjs";

/** The Foundry project. */
export const CONTRACTS = join(ROOT, "contracts");

/**
 * Path of one of Foundry's programs.
 *
 * @param {"forge" | "anvil"} name
 * @throws {Error} when there is no package for this platform
 */
export function foundryProgram(name) {
  const arch = process.arch === "x64" ? "amd64" : process.arch;
  const pkg = `@foundry-rs/${name}-${process.platform}-${arch}`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${pkg}/package.json`)), "bin", name);
  } catch {
    throw new Error(`Foundry has no ${name} for ${process.platform} on ${process.arch} (npm package ${pkg})`);
  }
}

/**
 * Runs forge on the contracts.
 *
 * @param {string[]} args
 * @param {Parameters<typeof run>[2]} [options]
 */
export function forge(args, options = {}) {
  return run(foundryProgram("forge"), args, { cwd: CONTRACTS, ...options });
}
