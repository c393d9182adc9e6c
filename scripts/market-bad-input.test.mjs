import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "./lib/paths.mjs";

const table = await readFile(join(ROOT, "docs", "market-bad-input.md"), "utf8");
const rows = table
  .split("\n")
  .filter((line) => /\| `[^`]+\.test\.\w+` \|/.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()));

describe("docs/market-bad-input.md", () => {
  it("has rows", () => expect(rows.length).toBeGreaterThan(30));

  it.each(rows.map(([, input, , file, name]) => ({ input, file: file.replaceAll("`", ""), name })))(
    "names a test for: $input",
    async ({ file, name }) => {
      expect(await readFile(join(ROOT, file), "utf8")).toContain(`"${name}"`);
    },
  );
});
