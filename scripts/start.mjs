// `npm start`: builds everything and opens the sample in VS Code. `npm start -- --headless`: deploys the sample without a window,
// shows what happens, and removes it.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bootstrap, buildSidecar, bundle } from "./bootstrap.mjs";
import { CACHE, ROOT } from "./lib/paths.mjs";
import { duration, main, onPath, run, step } from "./lib/run.mjs";
import { importTypeScript } from "./lib/typescript.mjs";
import { vscodeHost } from "./lib/vscode-host.mjs";
import { packageExtension } from "./package.mjs";
import { writeSampleImage } from "./sample-image.mjs";

const WORKSPACE = join(ROOT, "samples", "hello");
const SPEC = join(WORKSPACE, "hello.zlayer.yml");

/** Puts the sample's image where the sidecar looks for images named `oci-layout.localhost/…`. */
async function sampleImage() {
  const { placesOf } = await importTypeScript("src/bridge/sidecar/places.ts");
  const layout = join(placesOf().dataDir, "images", "layouts", "hello");
  await writeSampleImage(layout);
  console.log(`  ${layout}`);
}

async function headless() {
  await bootstrap([]);
  await step("bundles", bundle);
  const sidecar = await step("sidecar", buildSidecar);
  await step("sample image", sampleImage);
  await run(process.execPath, [join(ROOT, "dist", "bridge", "headless.js"), SPEC], {
    cwd: ROOT,
    env: { ZLAYER_SIDECAR: sidecar },
  });
}

async function desktop(vsix) {
  await step("install the extension", () =>
    run("code", ["--install-extension", vsix, "--force"], { cwd: ROOT, capture: true }),
  );
  await run("code", [WORKSPACE, SPEC], { cwd: ROOT });
  console.log("\nVS Code opened the sample. Run “ZLayer: Deploy” from its command palette (F1).");
}

/** The password of the browser VS Code, made once. It is kept in a file that only this user may read, never in an argument. */
async function password(directory) {
  const path = join(directory, "password");
  const kept = await readFile(path, "utf8").catch(() => undefined);
  if (kept) {
    return kept;
  }
  const made = randomBytes(12).toString("base64url");
  await writeFile(path, made, { mode: 0o600 });
  return made;
}

async function browser(vsix, started) {
  const host = await step("browser VS Code", vscodeHost);
  const directory = join(CACHE, "browser-vscode");
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  const secret = await password(directory);
  const config = join(directory, "config.yaml");
  await writeFile(config, `auth: password\npassword: ${secret}\n`, { mode: 0o600 });
  const common = [host.entry, "--config", config, "--user-data-dir", join(directory, "user")];
  common.push("--extensions-dir", join(directory, "extensions"));
  const env = { ...process.env, EXTENSIONS_GALLERY: '{"serviceUrl":""}' };
  await step("install the extension", () =>
    run(host.node, [...common, "--install-extension", vsix, "--force"], { env, capture: true }),
  );
  const server = spawn(
    host.node,
    [...common, "--bind-addr", "127.0.0.1:0", "--disable-telemetry", "--disable-update-check", WORKSPACE],
    { env, detached: true, stdio: ["ignore", "pipe", "inherit"] },
  );
  // Ctrl-C reaches this process only; the server and its children get SIGTERM as a group, so that they end in order.
  const stop = () => server.pid !== undefined && process.kill(-server.pid, "SIGTERM");
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  let output = "";
  server.stdout.on("data", (chunk) => {
    const before = output;
    output += chunk;
    const listening = /HTTP server listening on (http:\/\/[^\s/]+)/;
    const found = listening.exec(output);
    if (found && !listening.test(before)) {
      console.log(`\nready after ${duration(performance.now() - started)}`);
      console.log(`\n  open      ${found[1]}/?folder=${encodeURI(WORKSPACE)}\n  password  ${secret}\n`);
      console.log("Open hello.zlayer.yml and run “ZLayer: Deploy” from the command palette (F1).");
      console.log("Ctrl-C ends this VS Code; what you deployed goes on running until you remove it.");
    }
  });
  const code = await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("exit", (status, signal) => resolve(signal ? 0 : status));
  });
  if (code !== 0 && code !== 143) {
    throw new Error(`the browser VS Code exited with ${code}:\n${output}`);
  }
  console.log("\nVS Code has ended.");
}

async function withWindow() {
  const started = performance.now();
  // Desktop VS Code refuses to run as root.
  const hasDesktop = process.getuid?.() !== 0 && (await onPath("code"));
  await bootstrap(hasDesktop ? [] : ["browser"]);
  const vsix = await packageExtension();
  await step("sample image", sampleImage);
  await (hasDesktop ? desktop(vsix) : browser(vsix, started));
}

await main(async () => {
  const unknown = process.argv.slice(2).filter((argument) => argument !== "--headless");
  if (unknown.length > 0) {
    throw new Error(`unknown argument ${unknown[0]}. Usage: npm start [-- --headless]`);
  }
  await (process.argv.includes("--headless") ? headless() : withWindow());
});
