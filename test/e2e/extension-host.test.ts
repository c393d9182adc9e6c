// Runs the mocha suite inside a real extension host and reports each of its tests as one of this file's.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { ROOT } from "../../scripts/lib/paths.mjs";
import { runInExtensionHost } from "./driver/extension-tests";
import type { Outcome } from "./suite/index";

const outcomes = await runSuite();

async function runSuite(): Promise<Outcome[]> {
  const directory = await mkdtemp(join(tmpdir(), "zl-suite-"));
  const report = join(directory, "report.json");
  const suite = join(directory, "index.js");
  try {
    // Mocha reads files of its own at run time, so it is not bundled but found in the checkout.
    await build({
      entryPoints: [join(ROOT, "test", "e2e", "suite", "index.ts")],
      outfile: suite,
      bundle: true,
      platform: "node",
      format: "cjs",
      external: ["vscode"],
      alias: { mocha: join(ROOT, "node_modules", "mocha") },
      plugins: [
        {
          name: "mocha-stays-outside",
          setup: ({ onResolve }) =>
            onResolve({ filter: /node_modules\/mocha$/ }, ({ path }) => ({ path, external: true })),
        },
      ],
    });
    await runInExtensionHost({
      extension: ROOT,
      suite,
      folder: join(ROOT, "samples", "hello"),
      env: { ZLAYER_TEST_REPORT: report },
    });
    return JSON.parse(await readFile(report, "utf8")) as Outcome[];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

for (const { title, error } of outcomes) {
  test(title, () => {
    expect(error).toBeUndefined();
  });
}
