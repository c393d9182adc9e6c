// Makes a fresh clone ready: tools, system packages, node modules, bundles and the sidecar. Needs nothing but Node itself.
//   node scripts/bootstrap.mjs [--test] [--bench]
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CACHE, CARGO_ENV, CARGO_TARGET, ROOT } from "./lib/paths.mjs";
import { isMain, main, run, step } from "./lib/run.mjs";
import { refreshPackageLists, requireSystemPackages, systemName } from "./lib/system-packages.mjs";

const NODE_MAJOR = 20;

async function checkTools() {
  if (Number(process.versions.node.split(".")[0]) < NODE_MAJOR) {
    throw new Error(`Node ${NODE_MAJOR} or newer is needed, this is ${process.version}. See https://nodejs.org/`);
  }
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error(`the sidecar runs on 64-bit x86 Linux; this is ${process.platform} on ${process.arch}`);
  }
  const manifest = await readFile(join(ROOT, "runtime-sidecar", "Cargo.toml"), "utf8");
  const wanted = /^rust-version = "(\d+)\.(\d+)/m.exec(manifest);
  const cargo = await run("cargo", ["--version"], { capture: true, cwd: ROOT }).catch(() => "");
  const found = /cargo (\d+)\.(\d+)/.exec(cargo);
  const current =
    found && wanted && Number(found[1]) * 1000 + Number(found[2]) >= Number(wanted[1]) * 1000 + Number(wanted[2]);
  if (!current) {
    const have = found ? `this is ${found[1]}.${found[2]}` : "cargo is not on the PATH";
    throw new Error(
      `Rust ${wanted?.[1]}.${wanted?.[2]} or newer is needed, ${have}. See https://rustup.rs/ (or: rustup update stable)`,
    );
  }
  console.log(`  Node ${process.versions.node}, Rust ${found[1]}.${found[2]}, ${await systemName()}`);
}

/** Free space without which no step can end well, in bytes: what the node modules and one build take. */
const LEAST_SPACE = 2 * 1024 ** 3;

/** Says so before the first step fails half-way with an error that does not name the disk. */
async function checkSpace() {
  await mkdir(CACHE, { recursive: true });
  for (const directory of [ROOT, CACHE]) {
    const disk = await statfs(directory);
    const free = disk.bavail * disk.bsize;
    if (free < LEAST_SPACE) {
      const gigabytes = (bytes) => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
      throw new Error(
        `${directory} is on a disk with ${gigabytes(free)} free, ${gigabytes(LEAST_SPACE)} are needed. ` +
          `Make space, or keep the cache elsewhere: ZLAYER_CACHE=<directory>`,
      );
    }
  }
}

/** Installs node modules unless those that are there were installed from this very lock file. */
async function nodeModules() {
  const lock = await readFile(join(ROOT, "package-lock.json"));
  const stamp = join(ROOT, "node_modules", ".lock-hash");
  const hash = createHash("sha256").update(lock).digest("hex");
  const have = await readFile(stamp, "utf8").catch(() => "");
  if (have === hash) {
    return;
  }
  await run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: ROOT });
  await writeFile(stamp, hash);
}

/**
 * @param {import("./lib/system-packages.mjs").Purpose[]} purposes beyond building and running
 * @throws {Error} when something is missing that this cannot install itself
 */
export async function bootstrap(purposes) {
  await step("tools", checkTools);
  await step("disk space", checkSpace);
  await step("system packages", () => requireSystemPackages(["build", "run", ...purposes]));
  await step("node modules", nodeModules);
}

/**
 * Gives Rust its WebAssembly target: from rustup, or else by making Debian's package lists fresh, in which
 * scripts/build-wasm.mjs finds the same compiler. Whether one of them worked, that script says.
 */
async function wasmTarget() {
  const target = "wasm32-unknown-unknown";
  const sysroot = (await run("rustc", ["--print", "sysroot"], { capture: true })).trim();
  if (existsSync(join(sysroot, "lib", "rustlib", target)) || existsSync(join(CACHE, "rustc-web"))) {
    return;
  }
  const added = await run("rustup", ["target", "add", target], { capture: true }).catch((error) => error);
  if (added instanceof Error && process.getuid?.() === 0) {
    await refreshPackageLists().catch(() => {});
  }
}

/** Bundles the extension, the language server and the webviews into dist/. */
export async function bundle() {
  await run(process.execPath, ["scripts/build.mjs"], { cwd: ROOT, capture: true });
  await wasmTarget();
  await run(process.execPath, ["scripts/build-wasm.mjs", join("dist", "language", "spec.wasm")], { cwd: ROOT });
}

/**
 * Compiles the sidecar, unless `ZLAYER_SIDECAR` names one that is built.
 *
 * @returns {Promise<string>} path of the binary
 */
export async function buildSidecar() {
  const built = process.env.ZLAYER_SIDECAR;
  if (built) {
    console.log(`  ${built}, as ZLAYER_SIDECAR says`);
    return built;
  }
  await run("cargo", ["build", "--release", "--locked", "--package", "zlayer-sidecar"], {
    cwd: join(ROOT, "runtime-sidecar"),
    env: {
      ...CARGO_ENV,
      // Linked statically, so that the packaged binary needs no library but libc on the user's machine.
      LIBSECCOMP_LINK_TYPE: "static",
      LIBSECCOMP_LIB_PATH: "/usr/lib/x86_64-linux-gnu",
    },
  });
  return join(CARGO_TARGET, "release", "zlayer-sidecar");
}

if (isMain(import.meta.url)) {
  await main(async () => {
    const purposes = ["test", "bench"].filter((purpose) => process.argv.includes(`--${purpose}`));
    await bootstrap(purposes.length > 0 ? [...purposes, "browser"] : ["browser"]);
    await step("bundles", bundle);
    await step("sidecar", buildSidecar);
  });
}
