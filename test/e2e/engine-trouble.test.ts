// What the user meets when there is no engine, when it refuses, and in a workspace that is not trusted.
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "../../scripts/lib/paths.mjs";
import { deploymentState, FakeEngine, reason } from "../../src/bridge/sidecar/fake-engine";
import { packagedExtension, Server, type ServerOptions } from "./driver/server";
import { Workbench } from "./driver/workbench";

let folder: string;
let server: Server;
let window: Workbench;

async function open(options: Omit<ServerOptions, "vsix">): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), "zl-trouble-"));
  await cp(join(ROOT, "samples", "hello"), folder, { recursive: true });
  server = await Server.start({ ...options, vsix: await packagedExtension() });
  window = await Workbench.open(server.url, folder);
}

async function close(): Promise<void> {
  await window?.close();
  await server?.close();
  await rm(folder, { recursive: true, force: true });
}

/** Waits for what the view says while it has no rows. */
async function welcome(text: string): Promise<void> {
  await window.openViewContainer("ZLayer");
  await window.page.locator(".welcome-view-content", { hasText: text }).first().waitFor();
}

async function problem(text: string): Promise<void> {
  await window.palette("Problems: Focus on Problems View");
  await window.page.locator(".markers-panel-container .marker-message", { hasText: text }).first().waitFor();
}

describe("an engine that refuses", () => {
  let engine: FakeEngine;

  beforeAll(async () => {
    engine = await FakeEngine.start();
    await open({ name: "engine-trouble", settings: { "zlayer.endpoint": engine.server.socket } });
  });

  afterAll(async () => {
    await window?.screenshot("engine-trouble");
    await close();
    await engine.close();
  });

  test("problems that the engine finds in the spec stand at their places until the text changes", async () => {
    const message = "The name hello is reserved on this node.";
    const place = { line: 3, column: 13, endLine: 3, endColumn: 18, path: "deployment" };
    const problems = [{ ...place, code: "name", severity: "error", message }];
    engine.options = { refuse: { status: 400, body: { error: message, code: "invalid-spec", problems } } };
    await window.openFile("hello.zlayer.yml");
    await welcome("Nothing is deployed");
    await window.palette("ZLayer: Deploy");
    await problem(message);
    await window.page.locator(".editor-group-container.active .view-lines").first().click();
    await window.page.keyboard.type("# ");
    await window.page.locator(".marker-message", { hasText: message }).first().waitFor({ state: "detached" });
    await window.page.keyboard.press("Control+Z");
  });

  test("an image that does not exist stands at its line and in the tree, and the logs are one click away", async () => {
    const message = "There is no image oci-layout.localhost/hello:1.";
    const missing = reason("image-not-found", message, { path: "services.web.image.name" });
    engine.options = {
      onDeploy: (fake) =>
        fake.put(deploymentState("hello", { phase: "failed", healthy: 0, running: 0, reason: missing })),
    };
    await window.palette("ZLayer: Deploy");
    await problem(message);
    await window.treeRow(message).first().waitFor();
    const failure = await window.notified("“hello” does not come up");
    await failure.locator(".monaco-button", { hasText: "Show Logs" }).click();
    await window.page.locator(".tab.active", { hasText: "Logs: hello" }).waitFor();
  });
});

describe("an untrusted workspace", () => {
  const settings = { "security.workspace.trust.startupPrompt": "never" };

  beforeAll(() => open({ name: "untrusted", workspaceTrust: true, settings }));

  afterAll(async () => {
    await window?.screenshot("untrusted");
    await close();
  });

  test("starts nothing, offers nothing that would, and says so", async () => {
    await welcome("not trusted");
    expect(await window.paletteTitles("ZLayer")).not.toContain("ZLayer: Deploy");
  });
});

describe("a sidecar that is not there", () => {
  beforeAll(() => open({ name: "no-sidecar", settings: { "zlayer.sidecar.path": "/nowhere/zlayer-sidecar" } }));

  afterAll(async () => {
    await window?.screenshot("no-sidecar");
    await close();
  });

  test("is named, and the setting is offered", async () => {
    await window.openFile("hello.zlayer.yml");
    await welcome("not running");
    await window.palette("ZLayer: Deploy");
    const message = await window.notified("zlayer.sidecar.path names /nowhere/zlayer-sidecar, which is not there");
    await message.locator(".monaco-button", { hasText: "Open Settings" }).waitFor();
    await welcome("neither where the settings say");
  });
});
