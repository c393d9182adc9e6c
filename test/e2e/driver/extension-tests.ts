// Runs a suite's `run()` in the extension host, as @vscode/test-electron does with a desktop VS Code.
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { format } from "node:util";
import { chromium } from "playwright-core";
import { TEST_RESULTS } from "../../../scripts/lib/paths.mjs";
import { Server } from "./server";
import { CHROMIUM, CHROMIUM_ARGS } from "./workbench";

export interface ExtensionTests {
  /** Directory of the extension, with its bundles built. */
  readonly extension: string;
  /** Module that exports `run(): Promise<void>`. */
  readonly suite: string;
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs to the end; a failed test is not an error here, the suite reports it. */
export async function runInExtensionHost(tests: ExtensionTests): Promise<void> {
  const server = await Server.start({ name: "extension-host", ...(tests.env && { env: tests.env }) });
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGS });
  try {
    const page = await browser.newPage();
    const authority = `vscode-remote://${new URL(server.url).host}`;
    const payload = [
      ["extensionDevelopmentPath", authority + tests.extension],
      ["extensionTestsPath", authority + tests.suite],
    ];
    // The workbench calls these two when the extension host is done.
    const done = new Promise<void>((resolve) => {
      void page.exposeFunction("codeAutomationExit", () => resolve());
    });
    const log = createWriteStream(join(TEST_RESULTS, "extension-host.log"));
    await page.exposeFunction("codeAutomationLog", (_type: string, args: unknown[]) =>
      log.write(`${format(...args)}\n`),
    );
    const query = new URLSearchParams({ folder: tests.folder, payload: JSON.stringify(payload) });
    await page.goto(`${server.url}/?${query}`);
    await done;
  } finally {
    await browser.close();
    await server.close();
  }
}
