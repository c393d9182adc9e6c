// What a developer does with a deployment besides watching it: with the keyboard, from lenses, menus and views. The steps build on
// each other.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ZLayerClient } from "../../src/bridge/sidecar/client";
import { unixEndpoint } from "../../src/bridge/sidecar/endpoint";
import type { DeploymentState, ReplicaState } from "../../src/bridge/sidecar/types";
import { packagedExtension, Server } from "./driver/server";
import { Workbench } from "./driver/workbench";
import { copySample, type Sample } from "./sample";

let server: Server;
let sample: Sample;
let workbench: Workbench;
let client: ZLayerClient;

beforeAll(async () => {
  server = await Server.start({ name: "operate", vsix: await packagedExtension() });
  await server.provideSampleImage();
  sample = await copySample(server.home);
  client = new ZLayerClient(unixEndpoint(server.socket));
  workbench = await Workbench.open(server.url, sample.folder);
});

afterAll(async () => {
  await workbench?.screenshot("operate-end");
  await workbench?.close();
  await server?.close();
});

// A step after one that failed would only wait for what cannot come.
let failed = false;
beforeEach(() => {
  if (failed) {
    throw new Error("an earlier step failed");
  }
});
afterEach(({ task }) => {
  failed ||= task.result?.state === "fail";
});

async function state(name = "hello"): Promise<DeploymentState | undefined> {
  for await (const line of client.status()) {
    if (line.type === "deployment" && line.deployment.name === name) {
      return line.deployment;
    }
  }
  return undefined;
}

async function replicas(service: string): Promise<readonly ReplicaState[]> {
  return (await state())?.services.find(({ name }) => name === service)?.replicas ?? [];
}

test("with the keyboard alone, the sample is opened and deployed and its log is filtered", async () => {
  const { keyboard } = workbench.page;
  await workbench.openFileByKeyboard("hello.zlayer.yml");
  // The language server and the extension have to be there before their key binding does anything.
  await workbench.lens("Deploy").waitFor({ timeout: 60_000 });
  await keyboard.press("Control+Alt+D");
  await expect.poll(async () => (await state().catch(() => undefined))?.phase, { timeout: 60_000 }).toBe("running");

  await workbench.palette("ZLayer: Show Logs");
  await workbench.pick("hello");
  const logs = await workbench.webview(".scroller[role=log]");
  await logs
    .getByText(/visit \d+:/)
    .first()
    .waitFor();
  // Until the pane has the focus, the key is VS Code's.
  const filter = logs.locator("vscode-text-field.filter");
  await expect
    .poll(async () => {
      await keyboard.press("Control+f");
      return filter.evaluate((field) => field.matches(":focus-within, :focus"));
    })
    .toBe(true);
  await keyboard.type("visit");
  await logs
    .getByText(/up for \d+ s/)
    .first()
    .waitFor({ state: "detached" });
  await logs
    .getByText(/visit \d+:/)
    .first()
    .waitFor();
});

test("the log pane pauses, and saves the whole log whatever its filter", async () => {
  const logs = await workbench.webview(".scroller[role=log]");
  await logs.getByRole("button", { name: "Pause" }).click();
  await logs
    .locator(".footer")
    .getByText(/paused/i)
    .first()
    .waitFor();
  const shown = await logs.locator(".scroller").textContent();
  const resume = logs.getByRole("button", { name: /new lines?, resume/ });
  await resume.waitFor();
  expect(await logs.locator(".scroller").textContent()).toBe(shown);
  await resume.click();

  await logs.getByRole("button", { name: "Save the whole log" }).click();
  const file = join(sample.folder, "hello.log");
  await workbench.acceptFile("Save Log", file);
  await workbench.notified(/Saved [\d,]+ lines to hello\.log/);
  const text = await readFile(file, "utf8");
  expect(text).toMatch(/visit 1: \d+ bytes/);
  expect(text).toContain("serving /srv/www on port 8080");
  await workbench.hideNotifications();
});

test("the lenses above a deployment and its services lead to logs and metrics", async () => {
  await workbench.openFileByKeyboard("hello.zlayer.yml");
  await workbench.lens("Metrics", 0).click();
  await workbench.activeTab("Metrics: hello");
  await workbench.openFileByKeyboard("hello.zlayer.yml");
  await workbench.lens("Logs", 1).click();
  await workbench.activeTab("Logs: hello/web");
});

test("an address is copied, and opened in the browser", async () => {
  await workbench.palette("ZLayer: Copy Address");
  await workbench.pick("web");
  await expect.poll(async () => `${await workbench.clipboard()}/`).toBe(sample.url);

  const opened = workbench.page.context().waitForEvent("page");
  await workbench.palette("ZLayer: Open in Browser");
  await workbench.pick("web");
  const page = await opened;
  await page.getByText("It runs.").waitFor();
  await page.close();
});

test("a service is restarted: the same container, another process", async () => {
  const [before] = await replicas("visitor");
  await workbench.palette("ZLayer: Restart");
  await workbench.pick("visitor");
  await expect.poll(async () => (await replicas("visitor"))[0]?.pid, { timeout: 30_000 }).not.toBe(before?.pid);
  await expect.poll(async () => (await replicas("visitor"))[0]).toMatchObject({ id: before?.id, phase: "running" });
});

test("a deployment is stopped from its menu, and started again as it was", async () => {
  await client.scale("hello", "visitor", 2);
  await workbench.openViewContainer("ZLayer");
  await workbench.treeRow(/^hello.*3\/3 healthy/).waitFor();
  await workbench.contextMenu(workbench.treeRow(/^hello/), "Stop");
  await workbench.treeRow(/^hello.*stopped/).waitFor();
  expect((await state())?.services.flatMap((service) => service.replicas)).toEqual([]);
  await expect(fetch(sample.url)).rejects.toThrow();

  await workbench.contextMenu(workbench.treeRow(/^hello/), "Start");
  await workbench.treeRow(/^hello.*3\/3 healthy/).waitFor({ timeout: 60_000 });
  expect(await (await fetch(sample.url)).text()).toContain("It runs.");
});

test("it is deployed again from its changed file", async () => {
  const spec = join(sample.folder, "hello.zlayer.yml");
  const before = (await state())?.generation ?? 0;
  await writeFile(spec, (await readFile(spec, "utf8")).replace("It runs.", "It runs again."));
  await workbench.contextMenu(workbench.treeRow(/^hello/), "Redeploy");
  await expect.poll(async () => (await state())?.generation, { timeout: 30_000 }).toBe(before + 1);
  await workbench.notified("“hello” runs.", 60_000);
  await workbench.hideNotifications();
  // The notification of the first deploy may still be in sight; the page tells when the new one serves.
  await expect
    .poll(() =>
      fetch(sample.url).then(
        (answer) => answer.text(),
        () => "",
      ),
    )
    .toContain("It runs again.");
});
