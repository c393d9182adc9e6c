import { expect, test } from "vitest";
import { missingQuotes } from "./quoted-tests.mjs";

const TREE = new Map([
  ["src/bridge/a.test.ts", 'test("finds out that it rains", () => {});'],
  ["test/bench/pull.mjs", ""],
  ["crates/image/Cargo.toml", '[package]\nname = "sidecar-image"\n'],
  ["crates/image/tests/hostile.rs", "#[test]\nfn an_archive_that_climbs_out() {}\n"],
]);

function check(text, expected) {
  expect(missingQuotes("docs/a.md", text, TREE)).toEqual(expected);
}

test("what is there may be named in each way", () => {
  check("kept by `a.test.ts`, `bridge/a.test.ts` and `src/bridge/a.test.ts`", []);
  check("`node test/bench/pull.mjs`; benchmark `test/bench/pull.mjs`", []);
  check("test `an_archive_that_climbs_out` of `sidecar-image`", []);
  check('"finds out that …" in `a.test.ts`', []);
});

test("what is not there is told with its line", () => {
  check("# A\n\n`b.test.ts`", ["docs/a.md:3: there is no file b.test.ts"]);
  check("`test/a.test.ts`", ["docs/a.md:1: there is no file test/a.test.ts"]);
  check("test `an_archive_that_climbs` of `sidecar-images`", [
    "docs/a.md:1: there is no test an_archive_that_climbs",
    "docs/a.md:1: there is no crate sidecar-images",
  ]);
  check('"says that it snows" in `a.test.ts`', ['docs/a.md:1: a.test.ts has no test "says that it snows"']);
});

test("settings, commands, paths of the machine and the list of the package are no tests", () => {
  check("`npm start`, `/tmp`, `zlayer.endpoint`, `memory_limit`, `extension.vsixmanifest`", []);
  check("| `extension/dist/language/server.ts` | the language server |", []);
});
