import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { CodeDescription } from "vscode-languageserver/node";

const directory = join(__dirname, "..", "..", "docs", "rules");
let known: ReadonlySet<string> | undefined;

/** The page that explains a code, where this installation has it. */
export function rulePage(code: string): { codeDescription?: CodeDescription } {
  known ??= pages();
  const file = `${code}.md`;
  return known.has(file) ? { codeDescription: { href: pathToFileURL(join(directory, file)).href } } : {};
}

function pages(): ReadonlySet<string> {
  try {
    return new Set(readdirSync(directory));
  } catch {
    return new Set();
  }
}
