// What a .vsix holds, compared with what SPECIFICATION.md promises.
import { stat } from "node:fs/promises";

/**
 * @typedef {{ name: string, bytes: number }} PackedFile `name` as in the archive, `bytes` unpacked
 * @typedef {{ files: PackedFile[], packedBytes: number }} Contents
 */

/**
 * Reads the archive's directory.
 *
 * @param {string} path
 * @returns {Promise<Contents>}
 */
export async function readVsix(path) {
  // Not at the top: scripts load before the node modules are installed.
  const { default: yauzl } = await import("yauzl");
  const { size } = await stat(path);
  const files = await new Promise((resolve, reject) => {
    yauzl.open(path, { lazyEntries: false }, (error, zip) => {
      if (error) {
        reject(error);
        return;
      }
      const found = [];
      zip.on("entry", (entry) => found.push({ name: entry.fileName, bytes: entry.uncompressedSize }));
      zip.on("end", () => resolve(found));
      zip.on("error", reject);
    });
  });
  return { files, packedBytes: size };
}

/** The part of the specification between `<!-- name -->` and `<!-- /name -->`. */
function section(specification, name) {
  const found = new RegExp(`<!-- ${name} -->([\\s\\S]*?)<!-- /${name} -->`).exec(specification);
  if (!found) {
    throw new Error(`SPECIFICATION.md has no section marked ${name}`);
  }
  return found[1];
}

/** A path in which `*` stands for anything but a slash. */
function pattern(text) {
  const quoted = text.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${quoted.join("[^/]*")}$`);
}

/**
 * Compares a package with the promise: every file is on the list, every entry of the list is there, the sizes are kept.
 *
 * @param {Contents} contents
 * @param {string} specification text of SPECIFICATION.md
 * @returns {string[]} one line for each difference
 */
export function vsixViolations(contents, specification) {
  const listed = [...section(specification, "package-files").matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1]);
  const limit = /at most (\d+) MB packed/.exec(section(specification, "package-size"));
  if (!limit) {
    throw new Error("SPECIFICATION.md does not say how large the package may be (at most N MB packed)");
  }
  const found = [];
  const patterns = listed.map(pattern);
  for (const file of contents.files) {
    if (!patterns.some((wanted) => wanted.test(file.name))) {
      found.push(`${file.name} (${file.bytes} bytes) is packed, but not on the list`);
    }
  }
  for (const [index, wanted] of patterns.entries()) {
    if (!contents.files.some((file) => wanted.test(file.name))) {
      found.push(`${listed[index]} is on the list, but not packed`);
    }
  }
  if (contents.packedBytes > Number(limit[1]) * 1e6) {
    found.push(`the package has ${contents.packedBytes} bytes, more than ${limit[1]} MB`);
  }
  return found;
}
