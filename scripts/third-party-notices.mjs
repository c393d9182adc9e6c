// Collects the licences of everything that the package contains: the npm packages that went into the bundles and the
// crates that are linked into the sidecar. A component without a licence text is named with its licence's SPDX id.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./lib/paths.mjs";

const LICENSE_FILE = /^(licen[cs]e|copying|notice)([-._].*)?$/i;

/** Texts of the licence files in `dir`, each once. */
function licenseTexts(dir) {
  if (!existsSync(dir)) return [];
  const files = readdirSync(dir, { withFileTypes: true }).filter((f) => f.isFile() && LICENSE_FILE.test(f.name));
  return files.map((file) => readFileSync(join(dir, file.name), "utf8").trim());
}

function npmComponents() {
  const inputs = JSON.parse(readFileSync(join(ROOT, "dist", "inputs.json"), "utf8"));
  const dirs = new Set(
    inputs.flatMap((input) => /^(?:.*:)?(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? []),
  );
  return [...dirs].map((dir) => {
    const { name, version, license } = JSON.parse(readFileSync(join(ROOT, dir, "package.json"), "utf8"));
    return { name, version, license, texts: licenseTexts(join(ROOT, dir)) };
  });
}

/** @param {string} pkg the workspace's package whose dependencies are linked */
function crateComponents(pkg) {
  const cargo = (...args) =>
    execFileSync("cargo", args, { cwd: join(ROOT, "runtime-sidecar"), encoding: "utf8", maxBuffer: 1 << 28 });
  const linked = new Set(
    cargo("tree", "--locked", "-p", pkg, "-e", "normal", "--prefix", "none", "-f", "{p}")
      .split("\n")
      .map((line) => /^(\S+) v(\S+)/.exec(line))
      .filter((match) => match !== null)
      .map(([, name, version]) => `${name}@${version}`),
  );
  const { packages } = JSON.parse(cargo("metadata", "--locked", "--format-version", "1"));
  return packages
    .filter((p) => p.source !== null && linked.has(`${p.name}@${p.version}`))
    .map(({ name, version, license, manifest_path }) => ({
      name,
      version,
      license,
      texts: licenseTexts(join(manifest_path, "..")),
    }));
}

/**
 * The notices as one text; components with the same texts stand together.
 *
 * @returns {string}
 */
export function thirdPartyNotices() {
  const groups = new Map();
  const components = [...npmComponents(), ...crateComponents("zlayer-sidecar")];
  components.sort((a, b) => a.name.localeCompare(b.name) || a.version.localeCompare(b.version));
  for (const { name, version, license, texts } of components) {
    const body = texts.join("\n\n");
    const group = groups.get(body) ?? [];
    group.push(`${name} ${version} (${license ?? "see the text below"})`);
    groups.set(body, group);
  }
  const sections = [...groups].map(([body, names]) => `${names.join("\n")}\n\n${body}`.trim());
  const title = "ZLayer for VS Code contains the following components, under these licences.";
  return `${[title, ...sections].join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}
