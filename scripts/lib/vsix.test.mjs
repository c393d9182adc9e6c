import { expect, test } from "vitest";
import { vsixViolations } from "./vsix.mjs";

const SPECIFICATION = `
<!-- package-files -->
| File | What |
|---|---|
| \`extension/package.json\` | manifest |
| \`extension/dist/*.js\` | bundles |
<!-- /package-files -->
<!-- package-size -->
The package has at most 2 MB packed.
<!-- /package-size -->
`;

function check(names, packedBytes, expected) {
  const files = names.map((name) => ({ name, bytes: 7 }));
  expect(vsixViolations({ files, packedBytes }, SPECIFICATION)).toEqual(expected);
}

test("what is on the list passes", () => {
  check(["extension/package.json", "extension/dist/a.js", "extension/dist/b.js"], 2e6, []);
});

test("a file too much, a file too few and too many bytes are named", () => {
  check(["extension/package.json", "extension/dist/sub/a.js"], 2e6 + 1, [
    "extension/dist/sub/a.js (7 bytes) is packed, but not on the list",
    "extension/dist/*.js is on the list, but not packed",
    "the package has 2000001 bytes, more than 2 MB",
  ]);
});

test("a specification without the marks is an error", () => {
  expect(() => vsixViolations({ files: [], packedBytes: 0 }, "")).toThrow("no section marked package-files");
});
