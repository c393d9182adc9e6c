// Entry of the tests that run inside VS Code's extension host. `run` is what @vscode/test-electron and VS Code's own
// `extensionTestsPath` call.
import { writeFile } from "node:fs/promises";
import Mocha from "mocha";

/** One test's outcome, as it is handed to the runner outside. */
export interface Outcome {
  readonly title: string;
  /** Absent when it passed. */
  readonly error?: string;
}

/**
 * Runs the suite. The outcomes go to the file that `ZLAYER_TEST_REPORT` names, if it does.
 *
 * @throws {Error} when a test failed
 */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: "tdd", timeout: 60_000 });
  mocha.suite.emit("pre-require", globalThis, "", mocha);
  await import("./activation.mocha");
  const outcomes: Outcome[] = [];
  const failures = await new Promise<number>((resolve) => {
    mocha
      .run(resolve)
      .on("pass", (test) => outcomes.push({ title: test.fullTitle() }))
      .on("fail", (test, error: Error) =>
        outcomes.push({ title: test.fullTitle(), error: error.stack ?? error.message }),
      );
  });
  const report = process.env["ZLAYER_TEST_REPORT"];
  if (report !== undefined) {
    await writeFile(report, JSON.stringify(outcomes));
  }
  if (failures > 0) {
    throw new Error(`${failures} of ${outcomes.length} tests failed`);
  }
}
