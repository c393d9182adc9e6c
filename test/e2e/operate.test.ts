// What a developer does with a deployment besides watching it: with the keyboard, from lenses, menus and views. The steps build on
// each other.
import { readFile, writeFile } from "node:fs/promises";
import { createServer, type Server as NetServer } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ZLayerClient } from "../../src/bridge/sidecar/client";
import { unixEndpoint } from "../../src/bridge/sidecar/endpoint";
import type { DeploymentState, ReplicaState } from "../../src/bridge/sidecar/types";
import { busyboxImage } from "../integration/support/images";
import { Registry } from "../integration/support/registry";
import { packagedExtension, Server } from "./driver/server";
import { Workbench } from "./driver/workbench";
import { copySample, type Sample } from "./sample";

let server: Server;
let sample: Sample;
let workbench: Workbench;
let client: ZLayerClient;
let registry: Registry;
/** Holds a port that a spec asks for. */
let squatter: NetServer;
let port: number;

beforeAll(async () => {
  [server, registry] = await Promise.all([
    Server.start({ name: "operate", vsix: await packagedExtension() }),
    Registry.start(),
  ]);
  await server.provideSampleImage();
  sample = await copySample(server.home);
  squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
  const address = squatter.address();
  port = address !== null && typeof address === "object" ? address.port : 0;
  await writeFile(join(sample.folder, "taken.zlayer.yml"), takenSpec());
  client = new ZLayerClient(unixEndpoint(server.socket));
  workbench = await Workbench.open(server.url, sample.folder);
});

afterAll(async () => {
  await workbench?.screenshot("operate-end");
  await workbench?.close();
  await server?.close();
  await registry?.stop();
  squatter?.close();
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

function takenSpec(): string {
  return `version: v1
deployment: taken
services:
  web:
    image: { name: oci-layout.localhost/hello:1 }
    command: { entrypoint: ["/bin/sh", "-c", "trap 'exit 0' TERM; httpd -f -p 8080 & wait"] }
    scale: { mode: fixed, replicas: 1 }
    endpoints: [{ name: page, protocol: tcp, port: 8080 }]
    port_mappings:
      - { host_ip: 127.0.0.1, host_port: ${port}, container_port: 8080 }
`;
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
  await workbench.activePanel("Metrics: hello");
  await workbench.openFileByKeyboard("hello.zlayer.yml");
  await workbench.lens("Logs", 1).click();
  await workbench.activePanel("Logs: hello/web");
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
  expect(await (await fetch(sample.url)).text()).toContain("It runs again.");
});

test("images are listed with their size, pulled, removed and pruned", async () => {
  const image = await registry.push("app:1", await busyboxImage());
  const row = workbench.treeRow(image);
  await workbench.openViewContainer("ZLayer");
  await workbench.expandView("Images");
  await workbench.treeRow(/hello:1.*\d MB/).waitFor();
  await workbench.palette("ZLayer: Pull Image");
  await workbench.answer("Pull an image", image);
  await workbench.treeRow(new RegExp(`${image}.*\\d MB`)).waitFor();
  await workbench.screenshot("images", workbench.page.locator(".sidebar"));

  await workbench.contextMenu(row, "Remove Image");
  await workbench.pressInDialog("Remove");
  await row.waitFor({ state: "detached" });

  await workbench.palette("ZLayer: Pull Image");
  await workbench.answer("Pull an image", image);
  await row.waitFor();
  await workbench.palette("ZLayer: Remove Unused Images");
  await workbench.pressInDialog("Remove");
  await workbench.notified(/Removed 1 image; [\d.]+ [kM]B are free again/);
  await workbench.hideNotifications();
  await row.waitFor({ state: "detached" });
  expect((await client.images()).map(({ reference }) => reference)).toEqual(["oci-layout.localhost/hello:1"]);
});

test("a port that is taken stands at its line, until a deploy succeeds", async () => {
  await workbench.openFileByKeyboard("taken.zlayer.yml");
  await workbench.palette("ZLayer: Deploy");
  await workbench.notified("“taken” does not come up", 60_000);
  await workbench.hideNotifications();
  const problems = workbench.page.locator(".markers-panel-container .monaco-list-row", { hasText: "zlayer deploy" });
  await workbench.palette("Problems: Focus on Problems View");
  await problems.first().waitFor();
  expect(await problems.first().textContent()).toContain(String(port));
  expect(await problems.first().textContent()).toMatch(/Ln (9|10), Col/);
  await workbench.screenshot("port-taken");

  await new Promise((resolve) => squatter.close(resolve));
  await workbench.openFileByKeyboard("taken.zlayer.yml");
  await workbench.palette("ZLayer: Deploy");
  await workbench.notified("“taken” runs.", 60_000);
  await workbench.hideNotifications();
  await workbench.palette("Problems: Focus on Problems View");
  await problems.first().waitFor({ state: "detached" });
});
