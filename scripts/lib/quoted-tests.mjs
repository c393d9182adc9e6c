// Documents that promise something name the test that keeps it. What they name must be there.

/** In code quotes: a file, with or without its directories, as the sources of this project end. */
const FILE = /^[\w./-]+\.(?:test\.ts|test\.mjs|t\.sol|ts|mjs|rs|md)$/;
/** In code quotes: a test in Rust, a sentence in snake case. */
const RUST_TEST = /^[a-z][a-z0-9]*(?:_[a-z0-9]+){2,}$/;
/** `crate `name``, `of `name``: a package of the Cargo workspace. */
const CRATE = /\b(?:crate|of) `([a-z][a-z0-9]*(?:-[a-z0-9]+)+)`/g;
/** "a title" in `file` */
const TITLE = /"([^"]+)" in `([^`]+)`/g;
/** What the package holds is listed by its own paths, which `npm run package` compares. */
const PACKAGED = /^\| `extension\//;

/**
 * What a document names and the tree does not have, one line each, with file and line.
 *
 * @param {string} document its path, for the messages
 * @param {string} text
 * @param {Map<string, string>} tree the texts of all files by their paths from the root; of files that are not read, ""
 * @returns {string[]}
 */
export function missingQuotes(document, text, tree) {
  const paths = [...tree.keys()];
  const named = (file) => paths.filter((path) => path === file || path.endsWith(`/${file}`));
  const inRust = (pattern) => paths.some((path) => path.endsWith(".rs") && pattern.test(tree.get(path) ?? ""));
  const inManifests = (pattern) =>
    paths.some((path) => path.endsWith("Cargo.toml") && pattern.test(tree.get(path) ?? ""));
  return text.split("\n").flatMap((line, index) => {
    if (PACKAGED.test(line)) {
      return [];
    }
    const missing = [];
    for (const [, span = ""] of line.matchAll(/`([^`]+)`/g)) {
      if (FILE.test(span) && named(span).length === 0) {
        missing.push(`there is no file ${span}`);
      }
      if (RUST_TEST.test(span) && !inRust(new RegExp(`\\bfn ${span}\\b`))) {
        missing.push(`there is no test ${span}`);
      }
    }
    for (const [, crate = ""] of line.matchAll(CRATE)) {
      if (!inManifests(new RegExp(`^name = "${crate}"$`, "m"))) {
        missing.push(`there is no crate ${crate}`);
      }
    }
    for (const [, title = "", file = ""] of line.matchAll(TITLE)) {
      const files = named(file);
      const begin = title.replace(/\s*…$/, "");
      if (files.length > 0 && !files.some((path) => tree.get(path)?.includes(begin))) {
        missing.push(`${file} has no test "${title}"`);
      }
    }
    return missing.map((what) => `${document}:${index + 1}: ${what}`);
  });
}
