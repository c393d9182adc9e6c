// Where things are: the checkout, and the cache outside it that survives a fresh clone.
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * What takes long to make and does not depend on this checkout: compiled dependencies, the browser VS Code, test images. Root's is
 * not in root's home, since tests run programs from it as other users.
 */
export const CACHE =
  process.env.ZLAYER_CACHE ??
  (process.getuid?.() === 0
    ? "/var/cache/zlayer-vscode"
    : join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "zlayer-vscode"));

/** Cargo's target directory. */
export const CARGO_TARGET = process.env.CARGO_TARGET_DIR ?? join(CACHE, "cargo-target");

/**
 * What cargo is told by its environment. Incremental builds pay off where one file changes; a continuous integration that builds each
 * commit once would only fill the disk with them.
 */
export const CARGO_ENV = {
  CARGO_TARGET_DIR: CARGO_TARGET,
  ...(process.env.CI ? { CARGO_INCREMENTAL: "0" } : {}),
};

/** The sidecar as it is packaged with the extension. */
export const BUNDLED_SIDECAR = join(ROOT, "bin", "zlayer-sidecar");

/** What a test run leaves for a person to look at: screenshots, logs, reports. */
export const TEST_RESULTS = join(ROOT, "test-results");
