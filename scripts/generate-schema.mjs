// Writes schemas/zlayer-v1.schema.json from the sources of the crate zlayer-types: `node scripts/generate-schema.mjs`.
// With `--check` writes nothing and exits 1 when the file is stale.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const manifest = fileURLToPath(new URL("../runtime-sidecar/Cargo.toml", import.meta.url));
const file = fileURLToPath(new URL("../schemas/zlayer-v1.schema.json", import.meta.url));

const cargo = (...args) =>
  execFileSync("cargo", args, { encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "inherit"] });
const metadata = JSON.parse(cargo("metadata", "--format-version", "1", "--locked", "--manifest-path", manifest));
const types = metadata.packages.find((candidate) => candidate.name === "zlayer-types");
if (types === undefined) {
  throw new Error("runtime-sidecar does not depend on zlayer-types, which the schema is made from");
}
const sources = join(dirname(types.manifest_path), "src");
const schema = cargo(
  "run",
  "-q",
  "--manifest-path",
  manifest,
  "-p",
  "sidecar-spec",
  "--example",
  "schema",
  "--",
  sources,
);

if (process.argv.includes("--check")) {
  if (readFileSync(file, "utf8") !== schema) {
    console.error("schemas/zlayer-v1.schema.json is stale: run `node scripts/generate-schema.mjs`");
    process.exit(1);
  }
} else {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, schema);
}
