// Who may import what. The rules are ARCHITECTURE.md's invariants; the check reads import statements only.
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

/** For each directory of src/: its siblings it may import, and whether it may import `vscode`. */
const RULES = {
  extension: { may: ["bridge", "language", "protocol"], vscode: true },
  language: { may: ["protocol"], vscode: "client" },
  bridge: { may: ["protocol"], vscode: false },
  webviews: { may: ["protocol"], vscode: false },
  protocol: { may: [], vscode: false },
};

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+"([^"]+)"|\bimport\("([^"]+)"\)|(?:^|\n)\s*import\s+"([^"]+)"/g;

/**
 * @param {string} file path below src/, with forward slashes
 * @param {string} text
 * @returns {string[]} one line for each forbidden import
 */
export function violationsIn(file, text) {
  const layer = file.split("/")[0];
  const rule = RULES[layer];
  if (!rule) {
    return [`${file}: src/ has no layer ${layer}`];
  }
  const found = [];
  for (const match of text.matchAll(IMPORT)) {
    const target = match[1] ?? match[2] ?? match[3];
    if (target === "vscode" || target.startsWith("vscode-languageclient")) {
      if (rule.vscode === false || (rule.vscode === "client" && !/^language\/client(\.|\/)/.test(file))) {
        found.push(`${file}: imports ${target}`);
      }
    } else if (target.startsWith(".")) {
      const other = join(dirname(file), target).split("/")[0];
      // Data beside src/, such as the manifest, belongs to no layer.
      if (other !== ".." && other !== layer && !rule.may.includes(other)) {
        found.push(`${file}: imports ${target}, of ${other}`);
      }
    }
  }
  return found;
}

/**
 * @param {string} src the directory
 * @returns {Promise<string[]>} one line for each forbidden import
 */
export async function importViolations(src) {
  const entries = await readdir(src, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name));
  const found = await Promise.all(
    files.map(async (entry) => {
      const path = join(entry.parentPath ?? entry.path, entry.name);
      return violationsIn(relative(src, path), await readFile(path, "utf8"));
    }),
  );
  return found.flat().sort();
}
