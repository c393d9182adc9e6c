// The main story: from a spec in the editor to running containers, their logs and metrics, a shell, more replicas, a crash of
// the engine, and removal. The steps build on each other.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ZLayerClient } from "../../src/bridge/sidecar/client";
import { unixEndpoint } from "../../src/bridge/sidecar/endpoint";
import type { DeploymentState } from "../../src/bridge/sidecar/types";
import { packagedExtension, processesNaming, Server } from "./driver/server";
import { Workbench } from "./driver/workbench";
import { copySample, type Sample } from "./sample";

let server: Server;
let sample: Sample;
let workbench: Workbench;
let client: ZLayerClient;

beforeAll(async () => {
  server = await Server.start({ name: "deploy-and-watch", vsix: await packagedExtension() });
  await server.provideSampleImage();
  sample = await copySample(server.home);
  client = new ZLayerClient(unixEndpoint(server.socket));
  workbench = await Workbench.open(server.url, sample.folder);
});

afterAll(async () => {
  await workbench?.screenshot("deploy-and-watch-end");
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

async function stateOfHello(): Promise<DeploymentState> {
  for await (const line of client.status()) {
    if (line.type === "deployment" && line.deployment.name === "hello") {
      return line.deployment;
    }
  }
  throw new Error("“hello” is not deployed");
}

/** Container ids with their process and restarts, in a fixed order. */
async function containers(): Promise<string[]> {
  const { services } = await stateOfHello();
  return services
    .flatMap((service) => service.replicas.map(({ id, pid, restarts }) => `${service.name} ${id} ${pid} ${restarts}`))
    .sort();
}

test("a spec is deployed from the editor", async () => {
  await workbench.openFile("hello.zlayer.yml");
  await workbench.palette("ZLayer: Deploy");
  const outcome = await workbench.notified(/“hello” runs|“hello” does not come up|was not deployed/, 120_000);
  expect(await outcome.textContent()).toContain("“hello” runs.");
  await workbench.hideNotifications();
  const page = await fetch(sample.url);
  expect(await page.text()).toContain("It runs.");
});

test("the tree shows deployments, services and containers with their state", async () => {
  await workbench.openViewContainer("ZLayer");
  await workbench.treeRow(/^hello/).waitFor();
  expect(await workbench.treeRow(/^hello/).textContent()).toContain("2/2 healthy");
  await workbench.treeRow(/^visitor/).waitFor();
  await workbench.toggleRow(/^web/);
  await workbench.treeRow(/^web\/0/).waitFor();
  await workbench.screenshot("tree", workbench.page.locator(".sidebar"));
});

test("the log pane shows the lines of all services", async () => {
  await workbench.palette("ZLayer: Show Logs");
  await workbench.pick("hello");
  const logs = await workbench.webview(".scroller[role=log]");
  await logs
    .getByText(/up for \d+ s/)
    .first()
    .waitFor();
  await logs
    .getByText(/visit \d+: \d+ bytes/)
    .first()
    .waitFor();
  await workbench.screenshot("logs");
});

test("the metrics panel draws charts of every container", async () => {
  await workbench.palette("ZLayer: Show Metrics");
  await workbench.pick("hello");
  const metrics = await workbench.webview(".charts");
  await metrics.locator(".legend .chip", { hasText: "web" }).first().waitFor();
  await metrics.locator(".legend .chip", { hasText: "visitor" }).first().waitFor();
  await metrics.locator(".charts canvas").first().waitFor();
  await workbench.screenshot("metrics");
});

test("a shell in a container answers", async () => {
  await workbench.palette("ZLayer: Open Shell");
  await workbench.pick("web/0");
  await workbench.page.locator(".terminal-wrapper.active .xterm-rows", { hasText: /[#$]/ }).waitFor();
  await workbench.typeInTerminal("echo from-$(hostname)-$((40 + 2))");
  await workbench.terminalShows(/from-\S+-42/);
  await workbench.screenshot("overview");
});

test("a service is scaled to three replicas", async () => {
  await workbench.palette("ZLayer: Scale");
  await workbench.pick("visitor");
  await workbench.answer("Scale “visitor”", "3");
  await workbench.treeRow(/^visitor.*3\/3 healthy/).waitFor({ timeout: 60_000 });
  expect((await containers()).filter((line) => line.startsWith("visitor"))).toHaveLength(3);
});

test("when the engine is killed, the containers go on and the tree comes back", async () => {
  const before = await containers();
  const { pid } = await client.info();
  process.kill(pid, "SIGKILL");
  expect(await (await fetch(sample.url)).text()).toContain("It runs.");
  await expect
    .poll(
      () =>
        client.info().then(
          (info) => info.pid !== pid,
          () => false,
        ),
      { timeout: 60_000 },
    )
    .toBe(true);
  await expect.poll(containers, { timeout: 30_000 }).toEqual(before);
  await workbench.treeRow(/^visitor.*3\/3 healthy/).waitFor();
});

test("removing the deployment leaves nothing behind", async () => {
  await workbench.palette("ZLayer: Remove");
  await workbench.pick("hello");
  await workbench.pressInDialog("Remove");
  await workbench.treeRow(/^hello/).waitFor({ state: "detached", timeout: 60_000 });
  await expect(fetch(sample.url)).rejects.toThrow();
  expect(await client.deployments()).toEqual([]);
  const engine = new Set([(await client.info()).pid]);
  const left = (await processesNaming(server.engine)).filter((pid) => !engine.has(pid));
  expect(left).toEqual([]);
  // What all containers share begins with a dot.
  const directories = await readdir(join(server.engine, "containers"));
  expect(directories.filter((name) => !name.startsWith("."))).toEqual([]);
});
