// Writes what is made from the sources of ZLayer's crates: `node scripts/generate-schema.mjs`.
// With `--check` writes nothing and exits 1 when a file is stale.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "./lib/paths.mjs";

/** Each by an example of the crate sidecar-spec, which reads the sources of a crate of ZLayer. */
const GENERATED = [
  { file: "schemas/zlayer-v1.schema.json", example: "schema", crate: "zlayer-types" },
  { file: "schemas/init-actions.json", example: "init_actions", crate: "zlayer-init-actions" },
];

const manifest = join(ROOT, "runtime-sidecar", "Cargo.toml");
const cargo = (...args) =>
  execFileSync("cargo", args, { encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "inherit"] });
const { packages } = JSON.parse(cargo("metadata", "--format-version", "1", "--locked", "--manifest-path", manifest));

for (const { file, example, crate } of GENERATED) {
  const found = packages.find((candidate) => candidate.name === crate);
  if (found === undefined) {
    throw new Error(`runtime-sidecar does not depend on ${crate}, which ${file} is made from`);
  }
  const sources = join(dirname(found.manifest_path), "src");
  const run = ["run", "-q", "--manifest-path", manifest, "-p", "sidecar-spec", "--example", example, "--", sources];
  const text = cargo(...run);
  const path = join(ROOT, file);
  if (!process.argv.includes("--check")) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } else if (readFileSync(path, "utf8") !== text) {
    console.error(`${file} is stale: run \`node scripts/generate-schema.mjs\``);
    process.exitCode = 1;
  }
}
