import { readdir, readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { isSpecName } from "../../protocol/spec-name";

/** The specs in the directory of a job file, as it names them. None where it is not on a disk. */
export async function specsBeside(uri: string): Promise<string[]> {
  const path = pathOf(uri);
  const names = path === undefined ? [] : await readdir(dirname(path)).catch(() => []);
  return names
    .filter(isSpecName)
    .sort()
    .map((name) => `./${name}`);
}

/** The address of the spec that a job file names, or undefined for a name that cannot be one. */
export function specUri(jobUri: string, spec: string): string | undefined {
  try {
    // A path is not an address: what addresses give a meaning to is part of a name here.
    return new URL(spec.split("/").map(encodeURIComponent).join("/"), jobUri).href;
  } catch {
    return undefined;
  }
}

/** No spec is larger, in bytes. */
const LARGEST = 4 * 1024 * 1024;

/** The text of a file, or the reason why there is none. */
export async function readText(uri: string): Promise<{ text: string } | { reason: string } | undefined> {
  const path = pathOf(uri);
  if (path === undefined) {
    return undefined;
  }
  try {
    // Whoever wrote the job file chose the path: a device or a pipe would be read for ever.
    const found = await stat(path);
    if (!found.isFile()) {
      return { reason: "is no file" };
    }
    return found.size > LARGEST ? { reason: "is too large for a spec" } : { text: await readFile(path, "utf8") };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return { reason: code === "ENOENT" || code === "ENOTDIR" ? "is not there" : `cannot be read (${code})` };
  }
}

function pathOf(uri: string): string | undefined {
  try {
    return uri.startsWith("file:") ? fileURLToPath(uri) : undefined;
  } catch {
    return undefined;
  }
}
