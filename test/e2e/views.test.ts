// What the views say while there is nothing to show: each says first what to do. One picture of each in the dark and in the light.
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deploymentState, FakeEngine, replicaState } from "../../src/bridge/sidecar/fake-engine";
import { packagedExtension, Server } from "./driver/server";
import { Workbench } from "./driver/workbench";
import { copySample } from "./sample";

let engine: FakeEngine;
let server: Server;
let window: Workbench;

beforeAll(async () => {
  engine = await FakeEngine.start();
  engine.options = { images: [] };
  server = await Server.start({ name: "views", vsix: await packagedExtension() });
  const { folder } = await copySample(server.home);
  window = await Workbench.open(server.url, folder);
  await window.openFile("hello.zlayer.yml");
  await window.openViewContainer("ZLayer");
});

afterAll(async () => {
  await window?.close();
  await server?.close();
  await engine.close();
});

/** Writes a picture of the window in a dark and in a light theme. */
async function pictures(name: string, settings: Readonly<Record<string, unknown>>): Promise<void> {
  for (const [kind, theme] of [
    ["light", "Default Light Modern"],
    ["dark", "Default Dark Modern"],
  ] as const) {
    await server.set({ ...settings, "workbench.colorTheme": theme });
    await window.page.locator(`.monaco-workbench.vs${kind === "dark" ? "-dark" : ":not(.vs-dark)"}`).waitFor();
    await window.screenshot(`view-${name}-${kind}`);
  }
}

/** A program that answers `--version` and goes on as a script says. */
async function sidecar(name: string, script: string, mode = 0o755): Promise<string> {
  const directory = join(server.home, name);
  await mkdir(directory);
  const path = join(directory, "zlayer-sidecar");
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, mode);
  return path;
}

async function says(text: string, button: string, timeout = 30_000): Promise<void> {
  const view = window.page.locator(".welcome-view-content", { hasText: text }).first();
  await view.waitFor({ timeout });
  await view.locator(".monaco-button, a", { hasText: button }).first().waitFor({ timeout });
}

/** Sets what makes a view say something. Now and then nothing follows a change, for a reason not known: it is made again. */
async function makesSay(settings: Readonly<Record<string, unknown>>, text: string, button: string): Promise<void> {
  for (const end = Date.now() + 30_000; ; ) {
    await server.set(settings);
    try {
      await says(text, button, 5_000);
      return;
    } catch (error) {
      if (Date.now() > end) {
        throw error;
      }
    }
  }
}

test("no engine: the first deploy starts it, or a button", async () => {
  await says("is not running", "Deploy a Spec");
  await says("is not running", "Open the sample");
  await pictures("no-engine", {});
});

test.each([
  ["missing", "", "neither where the settings say", "Correct Its Path"],
  ["not-executable", "exit 0", "may not execute", "Try Again"],
  ["other-version", "echo zlayer-sidecar 99.0.0", "another version", "Change Its Path"],
  ["starting", '[ "$1" = --version ] && echo zlayer-sidecar 0.1.0 || exec sleep 600', "to answer", "Show Sidecar Log"],
])("a sidecar that is %s: what to do about it", async (name, script, text, button) => {
  const path =
    name === "missing"
      ? join(server.home, "nothing")
      : await sidecar(name, script, name === "not-executable" ? 0o644 : 0o755);
  // Another view between shows when the window has read the settings.
  await makesSay({ "zlayer.endpoint": "http://127.0.0.1:9" }, "goes on trying", "Change the Endpoint");
  await makesSay({ "zlayer.sidecar.path": path }, "is not running", "Start the Sidecar");
  await window.page.locator(".welcome-view-content .monaco-button", { hasText: "Start the Sidecar" }).click();
  await says(text, button);
  await pictures(`sidecar-${name}`, { "zlayer.sidecar.path": path });
  await window.palette("Notifications: Clear All Notifications");
});

test("a daemon that does not answer: it is tried again, and the setting is one click away", async () => {
  const settings = { "zlayer.endpoint": "http://127.0.0.1:9" };
  await makesSay(settings, "goes on trying", "Change the Endpoint");
  await pictures("unreachable", settings);
});

test("nothing deployed, and no image", async () => {
  const settings = { "zlayer.endpoint": engine.server.socket };
  await makesSay(settings, "Nothing is deployed", "Deploy a Spec");
  await window.palette("ZLayer: Focus on Images View");
  await says("no images yet", "Pull an Image");
  await pictures("nothing-deployed", settings);
});

test("a log pane without lines and metrics without measurements say what they wait for", async () => {
  const settings = { "zlayer.endpoint": engine.server.socket };
  engine.put(deploymentState("hello", { replicas: [replicaState(0)] }));
  await window
    .treeRow(/^hello/)
    .first()
    .waitFor();
  await window.palette("ZLayer: Show Logs");
  await window.pick("hello");
  const logs = await window.webview(".placeholder");
  expect(await logs.locator(".placeholder").textContent()).not.toBe("");
  await pictures("logs", settings);
  await window.palette("ZLayer: Show Metrics");
  await window.pick("hello");
  await window.activeTab("Metrics");
  await pictures("metrics", settings);
});

test("a market without a network and a wallet without an account say what to do", async () => {
  await window.palette("ZLayer: Show Wallet");
  await window.activeTab("Wallet");
  await pictures("wallet", {});
  await window.palette("ZLayer: Show Market");
  await window.activeTab("Market");
  await pictures("market", {});
});
