// The language server's own modules, built for a script or a test that runs outside the editor.
import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";
import { ROOT } from "./paths.mjs";
import { run } from "./run.mjs";

/**
 * The validator as the editor runs it.
 *
 * @param {string} directory where to build, which must be the caller's own
 * @returns {Promise<import("../../src/language/spec-validator").SpecValidator>}
 */
export async function editorValidator(directory) {
  await mkdir(directory, { recursive: true });
  const outfile = join(directory, "spec-validator.mjs");
  const wasm = join(directory, "spec.wasm");
  await build({
    entryPoints: [join(ROOT, "src", "language", "spec-validator.ts")],
    bundle: true,
    platform: "node",
    format: "esm",
    outfile,
    logLevel: "error",
  });
  await run(process.execPath, [join(ROOT, "scripts", "build-wasm.mjs"), wasm]);
  const { SpecValidator } = await import(pathToFileURL(outfile).href);
  return new SpecValidator(wasm);
}

/**
 * The language server as a process that is asked for the problems of texts, one after the other.
 *
 * @param {string} directory where to build, which must be the caller's own
 */
export async function languageServer(directory) {
  await mkdir(directory, { recursive: true });
  const outfile = join(directory, "server.js");
  await build({
    entryPoints: [join(ROOT, "src", "language", "server.ts")],
    bundle: true,
    platform: "node",
    format: "cjs",
    outfile,
    logLevel: "error",
  });
  await run(process.execPath, [join(ROOT, "scripts", "build-wasm.mjs"), join(directory, "spec.wasm")]);
  const child = spawn(process.execPath, [outfile, "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
  const connection = createMessageConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  /** @type {Map<string, (diagnostics: any[]) => void>} */
  const waiting = new Map();
  connection.onNotification("textDocument/publishDiagnostics", ({ uri, diagnostics }) =>
    waiting.get(uri)?.(diagnostics),
  );
  const ended = new Promise((_, reject) =>
    child.once("exit", (code) => reject(new Error(`the server ended (${code})`))),
  );
  ended.catch(() => {});
  connection.listen();
  await connection.sendRequest("initialize", { processId: process.pid, rootUri: null, capabilities: {} });
  await connection.sendNotification("initialized", {});
  let opened = 0;
  return {
    /**
     * What the engine refuses of a text, or the sidecar of a valid one, without what our own rules find.
     *
     * @param {string} text
     * @throws {Error} when the server ends
     */
    async problems(text) {
      opened += 1;
      const uri = `file:///${opened}.zlayer.yml`;
      const answer = new Promise((done) => waiting.set(uri, done));
      const textDocument = { uri, languageId: "zlayer", version: 1, text };
      await connection.sendNotification("textDocument/didOpen", { textDocument });
      const diagnostics = /** @type {any[]} */ (await Promise.race([answer, ended]));
      waiting.delete(uri);
      await connection.sendNotification("textDocument/didClose", { textDocument: { uri } });
      return diagnostics
        .filter(({ data }) => data?.path !== undefined)
        .map(({ range, code, message }) => ({ ...range, code, message }));
    },
    async stop() {
      await connection.sendRequest("shutdown");
      await connection.sendNotification("exit");
      connection.dispose();
    },
  };
}
