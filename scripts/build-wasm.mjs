// Builds the spec validator for WebAssembly: `node scripts/build-wasm.mjs OUT.wasm`.
// The result is kept by the hash of its sources in the user's cache, so a build that changes nothing takes no time.
// Exit 3: there is no way to build for wasm on this machine; the message names the remedy.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { CACHE } from "./lib/paths.mjs";
import { reducedWorkspace } from "./lib/reduced-workspace.mjs";

const TARGET = "wasm32-unknown-unknown";
const EXPORTS = ["init", "alloc", "free", "check", "check_edited", "forget", "panic_ptr", "panic_len"];
/** What the module is made of, beside its libraries, whose versions stand in its own lock file. */
const SOURCES = ["crates/spec", "wasm", "vendor/oci-client"];
const root = fileURLToPath(new URL("../runtime-sidecar/", import.meta.url));
/** The workspace's Cargo.toml without what other crates need, so that their changes build nothing anew. */
const workspace = reducedWorkspace(
  readFileSync(join(root, "Cargo.toml"), "utf8"),
  readFileSync(join(root, "crates/spec/Cargo.toml"), "utf8"),
);

const out = process.argv[2];
if (out === undefined) {
  console.error("usage: node scripts/build-wasm.mjs OUT.wasm");
  process.exit(2);
}
const hash = sourceHash();
const kept = join(CACHE, "wasm", `${hash}.wasm`);
if (!existsSync(kept)) {
  build(kept);
}
mkdirSync(dirname(resolve(out)), { recursive: true });
copyFileSync(kept, out);

/** The hash of everything that the module is made of. */
function sourceHash() {
  const hash = createHash("sha256").update(workspace).update("\0");
  const sources = SOURCES.flatMap((name) => files(join(root, name)));
  for (const file of [...sources, fileURLToPath(import.meta.url)].sort()) {
    hash.update(file.slice(root.length)).update("\0").update(readFileSync(file)).update("\0");
  }
  return hash.digest("hex").slice(0, 32);
}

/** A file itself, or all files of a directory but those that no module is made of. */
function files(directory) {
  if (statSync(directory).isFile()) {
    return [directory];
  }
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      return ["target", "tests", "examples"].includes(entry.name) ? [] : files(path);
    }
    return [path];
  });
}

function build(destination) {
  const linker = findLinker();
  const { flags, env } = toolchain();
  // One directory for all checkouts. The sources are built from a place that their content names, so that the paths, which are in
  // the compiler's flags and in the module, are those of every checkout: none builds the libraries anew.
  const target = join(CACHE, "wasm", "target");
  const sources = join(CACHE, "wasm", "sources", hash);
  for (const file of SOURCES.flatMap((name) => files(join(root, name)))) {
    cpSync(file, join(sources, file.slice(root.length)));
  }
  writeFileSync(join(sources, "Cargo.toml"), workspace);
  run(
    "cargo",
    [
      "build",
      "--release",
      "--locked",
      "--lib",
      "--manifest-path",
      join(sources, "wasm", "Cargo.toml"),
      "--target",
      TARGET,
      "--target-dir",
      target,
      ...flags,
    ],
    env,
    sources,
  );
  rmSync(sources, { recursive: true });
  // Linked here rather than by rustc: a cdylib would keep wasm-bindgen's imports alive.
  const part = `${destination}.${process.pid}.part`;
  const library = join(target, TARGET, "release", "libsidecar_spec_wasm.a");
  const flavor = linker.endsWith("rust-lld") ? ["-flavor", "wasm"] : [];
  const exported = EXPORTS.map((name) => `--export=spec_${name}`);
  mkdirSync(dirname(destination), { recursive: true });
  run(linker, [
    ...flavor,
    "--no-entry",
    "--gc-sections",
    "--strip-all",
    "-z",
    "stack-size=2097152",
    "--stack-first",
    ...exported,
    library,
    "-o",
    part,
  ]);
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(part)));
  if (imports.length > 0) {
    rmSync(part);
    fail(
      `the module wants ${imports.map((entry) => entry.name).join(", ")} from its host, and there is nothing to give`,
    );
  }
  renameSync(part, destination);
  console.log(`wasm: ${statSync(destination).size} bytes`);
}

/** rustc and std for the target, wherever this machine has them. */
function toolchain() {
  const sysroot = output("rustc", ["--print", "sysroot"]);
  const standard = ["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"];
  const remaps = [
    [join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "registry", "src"), "/registry"],
    [join(CACHE, "wasm", "sources"), "/src"],
  ];
  const flagsOf = () => remaps.map(([from, to]) => `--remap-path-prefix=${from}=${to}`).join(" ");
  if (sysroot !== undefined && existsSync(join(sysroot, "lib/rustlib", TARGET, "lib"))) {
    return { flags: [], env: { CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: flagsOf() } };
  }
  if (sysroot !== undefined && existsSync(join(sysroot, "lib/rustlib/src/rust/library/Cargo.lock"))) {
    return { flags: standard, env: { RUSTC_BOOTSTRAP: "1", CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: flagsOf() } };
  }
  if (output("apt-cache", ["show", "rustc-web"]) !== undefined) {
    const web = debianToolchain();
    remaps.push([join(web, "usr/lib/rustlib/src"), "/rust"]);
    const env = {
      RUSTC_BOOTSTRAP: "1",
      RUSTC: join(web, "rustc"),
      RUSTDOC: join(web, "rustdoc"),
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: flagsOf(),
    };
    return { flags: standard, env };
  }
  return fail(`this Rust cannot build for ${TARGET}: run \`rustup target add ${TARGET}\``);
}

/** Debian's rustc for wasm with the sources of std, unpacked (not installed) into the cache. */
function debianToolchain() {
  const version = output("apt-cache", ["policy", "rustc-web"])?.match(/Candidate: (\S+)/)?.[1];
  if (version === undefined) {
    return fail("apt knows no version of rustc-web: run `apt-get update`");
  }
  const directory = join(CACHE, "rustc-web", version.replaceAll(":", "_"));
  if (!existsSync(join(directory, ".done"))) {
    console.log("wasm: unpacking Debian's rustc-web (140 MB, once)");
    const packages = join(directory, "debs");
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(packages, { recursive: true });
    const std = `libstd-rust-web-${version.split(".").slice(0, 2).join(".")}`;
    const compiler = ["rustc-web", std, "libstd-rust-web-dev", "rust-web-src"].map((name) => `${name}=${version}`);
    // What an installation would bring as well are the libraries that this machine lacks.
    const simulated = ["install", "--simulate", "--no-install-recommends", "-o", "Debug::NoLocking=1", ...compiler];
    const lines = output("apt-get", simulated)?.matchAll(/^Inst (lib\S+) .*?\((\S+)/gm) ?? [];
    const libraries = [...lines].map(([, name, libraryVersion]) => `${name}=${libraryVersion}`);
    run("apt-get", ["download", "-q", ...new Set([...compiler, ...libraries])], {}, packages);
    for (const name of readdirSync(packages)) {
      run("dpkg", ["-x", join(packages, name), directory]);
    }
    rmSync(packages, { recursive: true });
    writeFileSync(join(directory, ".done"), "");
  }
  const multiarch = output("gcc", ["-print-multiarch"]) ?? "";
  const libraries = `${join(directory, "usr/lib", multiarch)}:${join(directory, "usr/lib")}`;
  for (const name of ["rustc", "rustdoc"]) {
    // The libraries are found beside the binary, whatever rustup's cargo sets.
    const script = `#!/bin/sh\nLD_LIBRARY_PATH='${libraries}' exec '${join(directory, "usr/bin", name)}' "$@"\n`;
    writeFileSync(join(directory, name), script, { mode: 0o755 });
  }
  return directory;
}

function findLinker() {
  const sysroot = output("rustc", ["--print", "sysroot"]);
  const host = output("rustc", ["-vV"])?.match(/^host: (.*)$/m)?.[1];
  const candidates = [
    ...(sysroot === undefined || host === undefined ? [] : [join(sysroot, "lib/rustlib", host, "bin/rust-lld")]),
    ...(process.env.PATH ?? "")
      .split(":")
      .flatMap((directory) => ["rust-lld", "wasm-ld"].map((name) => join(directory, name))),
    ...readdirSync("/usr/bin", { withFileTypes: true })
      .filter((entry) => entry.name.startsWith("wasm-ld-"))
      .map((entry) => join("/usr/bin", entry.name)),
  ];
  return candidates.find((path) => existsSync(path)) ?? fail("there is no linker for wasm: install the package `lld`");
}

/** The output of a command, or undefined when it fails. */
function output(command, args) {
  try {
    return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}

function run(command, args, env = {}, cwd = CACHE) {
  const result = spawnSync(command, args, {
    stdio: "inherit",
    env: { ...process.env, CARGO_TARGET_DIR: undefined, ...env },
    cwd,
  });
  if (result.status !== 0) {
    fail(`${command} ${args[0]} failed${result.error === undefined ? "" : `: ${result.error.message}`}`);
  }
}

function fail(message) {
  console.error(`wasm: ${message}`);
  process.exit(3);
}
