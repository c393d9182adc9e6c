import { expect, test } from "vitest";
import { violationsIn } from "./layers.mjs";

function check(file, text, expected) {
  expect(violationsIn(file, text)).toEqual(expected);
}

test("only the extension and the language client import vscode", () => {
  check("extension/main.ts", 'import { window } from "vscode";', []);
  check("language/client.ts", 'import { LanguageClient } from "vscode-languageclient/node";', []);
  check("language/hover.ts", 'import type { Hover } from "vscode";', ["language/hover.ts: imports vscode"]);
  check("bridge/sidecar/launch.ts", 'import * as vscode from "vscode";', ["bridge/sidecar/launch.ts: imports vscode"]);
});

test("layers import downwards", () => {
  check("extension/main.ts", 'import { a } from "../bridge/a";\nimport { b } from "./b";', []);
  check("bridge/a.ts", 'import {\n  a,\n  b,\n} from "../extension/main";', [
    "bridge/a.ts: imports ../extension/main, of extension",
  ]);
  check("webviews/metrics/main.ts", 'const a = await import("../../bridge/a");', [
    "webviews/metrics/main.ts: imports ../../bridge/a, of bridge",
  ]);
  check("protocol/a.ts", 'export * from "../bridge/a";', ["protocol/a.ts: imports ../bridge/a, of bridge"]);
});

test("a directory that is no layer is reported", () => {
  check("utils/a.ts", "", ["utils/a.ts: src/ has no layer utils"]);
});
