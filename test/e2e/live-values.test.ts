// What only a running engine, a registry and the workspace know is offered while a spec is written, in the real VS Code.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ZLayerClient } from "../../src/bridge/sidecar/client";
import { unixEndpoint } from "../../src/bridge/sidecar/endpoint";
import { busyboxImage } from "../integration/support/images";
import { Registry } from "../integration/support/registry";
import { Editor } from "./driver/editor";
import { packagedExtension, Server } from "./driver/server";
import { Workbench } from "./driver/workbench";

const OTHER = `version: v1
deployment: other
services:
  web:
    image: { name: docker.io/library/nginx:1.27 }
    scale: { mode: fixed, replicas: 1 }
    env:
      PASSWORD: $S:shop-password
    node_selector:
      labels: { zone: harbour }
`;

let registry: Registry;
let server: Server;
let workbench: Workbench;
let editor: Editor;
let folder: string;
let image: string;

/** The end of a service, where the next word is to be written. */
const UNFINISHED = {
  image: () => "image:\n  name: ",
  tag: () => `image:\n  name: ${image}:`,
  variable: () => "env:\n  REGION: $E:",
  secret: () => "env:\n  PASSWORD: $S:",
  label: () => "node_selector:\n  labels:\n    ",
  value: () => "node_selector:\n  labels:\n    zone: ",
  gpu: () => "resources:\n  gpu:\n    model: ",
};

beforeAll(async () => {
  registry = await Registry.start();
  const built = await busyboxImage();
  await registry.push("team/shop:1.9", built);
  await registry.push("team/shop:1.10", built);
  server = await Server.start({
    name: "live-values",
    vsix: await packagedExtension(),
    env: { SHOP_REGION: "north" },
  });
  folder = join(server.home, "shop");
  await mkdir(folder);
  await writeFile(join(folder, "other.zlayer.yml"), OTHER);
  image = `${registry.host}/team/shop`;
  for (const [name, service] of Object.entries(UNFINISHED)) {
    const text = `version: v1\ndeployment: shop\nservices:\n  web:\n${service().replace(/^/gm, "    ")}`;
    await writeFile(join(folder, `${name}.zlayer.yml`), text);
  }
  workbench = await Workbench.open(server.url, folder);
  editor = new Editor(workbench);
});

afterAll(async () => {
  await workbench?.screenshot("live-values");
  await workbench?.close();
  await server?.close();
  await registry?.stop();
});

/** Takes a suggestion at the end of a spec, and sees to what it completes the last line. */
async function completes(name: string, label: string, line: string): Promise<void> {
  const path = join(folder, `${name}.zlayer.yml`);
  await workbench.openFileByKeyboard(`${name}.zlayer.yml`);
  // The language is there.
  await workbench.page.locator(".codelens-decoration", { hasText: "Deploy" }).first().waitFor();
  await editor.focus();
  await editor.page.keyboard.press("Control+End");
  await editor.goTo(label);
  await workbench.screenshot(`live-values-${name}`);
  await editor.page.keyboard.press("Enter");
  await editor.page.keyboard.press("Control+S");
  const lastLine = async (): Promise<string | undefined> => (await readFile(path, "utf8")).split("\n").at(-1)?.trim();
  await expect.poll(lastLine, { timeout: 10_000 }).toBe(line);
}

test("images that the engine has", async () => {
  await workbench.openViewContainer("ZLayer");
  await workbench.page.locator(".welcome-view-content .monaco-button", { hasText: "Start the Sidecar" }).click();
  const client = new ZLayerClient(unixEndpoint(server.socket));
  await expect.poll(() => client.images().catch(() => undefined), { timeout: 60_000 }).toEqual([]);
  for await (const line of client.pullImage(`${image}:1.9`)) {
    expect(line).not.toHaveProperty("error");
  }
  await completes("image", `${image}:1.9`, `name: ${image}:1.9`);
});

test("tags that the registry lists", async () => {
  await completes("tag", "1.10", `name: ${image}:1.10`);
});

test.each([
  ["variables of the engine", "variable", "$E:SHOP_REGION", "REGION: $E:SHOP_REGION"],
  ["secrets that specs name", "secret", "$S:shop-password", "PASSWORD: $S:shop-password"],
  ["labels of nodes", "label", "zone", "zone:"],
  ["values of a label", "value", "harbour", "zone: harbour"],
  ["models of GPUs", "gpu", "nvidia l4", "model: nvidia l4"],
])("%s", async (_what, name, label, line) => {
  await completes(name, label, line);
});
