// Writing a spec in the real VS Code with the packaged extension: completion, diagnostics, hover, quick fixes, renaming, and what
// the commands make of a spec and of a Compose file.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Editor } from "./driver/editor";
import { packagedExtension, Server } from "./driver/server";
import { Workbench } from "./driver/workbench";

const FAULTY = `# The shop: what its customers see, and what it remembers.
version: v1
deployment: shop

services:
  web:
    image: docker.io/library/nginx:1.27
    scale:
      mode: fixed
      replicas: 2
    resources:
      memory: 512MB
    stop_grace_period: 30
    helth:
      check:
        type: tcp
        port: 80
    depends:
      - service: database
        condition: healthy
  database:
    image:
      name: docker.io/library/postgres:17
`;

const MENDED = `${FAULTY.replace("image: docker.io/library/nginx:1.27", "image: { name: docker.io/library/nginx:1.27 }")
  .replace("512MB", "512Mi")
  .replace("period: 30", "period: 30s")
  .replace("helth", "health")}    scale:
      mode: fixed
      replicas: 1
`;

const UNTIDY = `version: v1
deployment:   shop # its name
services:
    # What customers see.
    web:
        image: {name: "docker.io/library/nginx:1.27"}

        scale:   # by hand
            mode: fixed
            replicas: 1
`;

const TIDY = `version: v1
deployment: shop # its name
services:
  # What customers see.
  web:
    image: { name: "docker.io/library/nginx:1.27" }

    scale: # by hand
      mode: fixed
      replicas: 1
`;

const COMPOSE = `services:
  web:
    image: nginx:1.27
    ports: ["127.0.0.1:8080:80"]
    deploy: { replicas: 1 }
    secrets: [key]
`;

const WRITTEN = `version: v1
deployment: shop
services:
  database:
    image:
      name: docker.io/library/postgres:17
    scale:
      mode: fixed
      replicas: 1
    resources:
      memory: 512Mi
    endpoints:
      - name: sql
        protocol: tcp
        port: 5432
    health:
      check:
        type: tcp
        port: 5432
  web:
    image:
      name: docker.io/library/nginx:1.27
    scale:
      mode: fixed
      replicas: 2
    depends:
      - service: database
        condition: healthy
    resources:
      cpu: 0.5`;

let server: Server;
let workbench: Workbench;
let editor: Editor;
let folder: string;

beforeAll(async () => {
  server = await Server.start({
    name: "language",
    vsix: await packagedExtension(),
    settings: { "explorer.autoReveal": false },
  });
  folder = join(server.home, "shop");
  await mkdir(folder);
  await writeFile(join(folder, "shop.zlayer.yml"), FAULTY);
  await writeFile(join(folder, "untidy.zlayer.yml"), UNTIDY);
  await writeFile(join(folder, "docker-compose.yml"), COMPOSE);
  workbench = await Workbench.open(server.url, folder);
  editor = new Editor(workbench);
});

afterAll(async () => {
  await workbench?.screenshot("language-end");
  await workbench?.close();
  await server?.close();
});

/** Saves the file in front, and waits until it holds what is expected. */
async function saved(name: string, expected: string): Promise<void> {
  await editor.page.keyboard.press("Control+S");
  await expect.poll(() => readFile(join(folder, name), "utf8"), { timeout: 10_000 }).toBe(expected);
}

/** Waits for what the status bar says of problems. */
async function problemCount(expected: string | RegExp, timeout = 30_000): Promise<void> {
  await expect.poll(() => editor.problemCount(), { timeout }).toMatch(expected);
}

test("a spec is written from nothing: only names, images and numbers are typed", async () => {
  await editor.createFile("app.zlayer.yml");
  await editor.take("version");
  await editor.take("v1");
  await editor.newLine();
  await editor.take("deployment");
  await editor.type("shop");
  await editor.newLine();
  await editor.take("services");

  await editor.take("new service");
  await editor.fill("database");
  await editor.fill("docker.io/library/postgres:17");
  await editor.type("1");
  await editor.newLine(1);
  await editor.take("resources");
  await editor.take("memory");
  await editor.take("512Mi");
  await editor.newLine(1);
  await editor.take("endpoints");
  await editor.fill("sql");
  await editor.take("tcp");
  await editor.page.keyboard.press("Tab");
  await editor.type("5432");
  await editor.newLine(2);
  await editor.take("health");
  await editor.take("tcp");
  await editor.newLine();
  await editor.take("port");
  await editor.take("5432");

  await editor.newLine(3);
  await editor.take("new service");
  await editor.fill("web");
  await editor.fill("docker.io/library/nginx:1.27");
  await editor.type("2");
  await editor.newLine(1);
  await editor.take("depends");
  await editor.take("database");
  await editor.newLine();
  await editor.take("condition");
  await editor.take("healthy");
  await editor.newLine(2);
  await editor.goTo("restart_policy");
  await editor.toggleDocumentation();
  await workbench.screenshot("completion");
  await editor.toggleDocumentation();
  await editor.take("resources");
  await editor.take("cpu");
  await editor.take("0.5");

  await saved("app.zlayer.yml", WRITTEN);
  await problemCount("No Problems");
});

test("what is wrong is underlined and listed, each at its place", async () => {
  await workbench.openFile("shop.zlayer.yml");
  await problemCount("Errors: 4, Infos: 1");
  const found = await workbench.problems();
  expect(found.join("\n")).toMatch(/`512MB` is not an amount of memory: write `512Mi`.*Ln 12, Col 15/);
  expect(await editor.page.locator(".squiggly-error").count()).toBeGreaterThan(0);
  // Each code leads to its page.
  expect(await editor.page.locator(".part.panel a", { hasText: "invalid-memory-format" }).count()).toBe(1);
  await workbench.screenshot("diagnostics");
  await editor.page.keyboard.press("Control+J");
});

test("hovering a key shows its documentation with its default", async () => {
  const shown = await editor.hover(editor.word("condition"));
  expect(await shown.textContent()).toMatch(/condition[\s\S]*Default: healthy/);
  await workbench.screenshot("hover");
  await editor.page.keyboard.press("Escape");
});

test("a quick fix mends one mistake, and all others are mended at once", async () => {
  await workbench.openFile("shop.zlayer.yml");
  await editor.click(editor.word("512MB"));
  const menu = await editor.quickFixes();
  await menu.locator(".monaco-list-row", { hasText: "Write `512Mi`" }).waitFor();
  await workbench.screenshot("quick-fix");
  await editor.page.keyboard.press("Enter");
  await problemCount("Errors: 3, Infos: 1");
  await saved("shop.zlayer.yml", FAULTY.replace("512MB", "512Mi"));
  // Now and then the command does nothing the first time. Why is not known: the editor may drop it, or refuse what it is answered.
  const mended = async (): Promise<string> => {
    await workbench.palette("Fix All");
    await problemCount("No Problems", 3_000).catch(() => undefined);
    return editor.problemCount();
  };
  await expect.poll(mended, { timeout: 30_000 }).toBe("No Problems");
  await saved("shop.zlayer.yml", MENDED);
});

test("a service is found from where it is named, and renamed everywhere", async () => {
  await editor.click(editor.word("database"));
  await editor.page.keyboard.press("F12");
  await editor.page.locator(".statusbar-item", { hasText: "Ln 21, Col 3" }).waitFor();
  await editor.rename("store");
  await saved("shop.zlayer.yml", MENDED.replaceAll("database", "store"));
  await problemCount("No Problems");
});

test("formatting keeps comments and blank lines", async () => {
  await workbench.openFile("untidy.zlayer.yml");
  await workbench.palette("Format Document");
  await saved("untidy.zlayer.yml", TIDY);
});

test("a spec is explained with every default", async () => {
  await workbench.palette("ZLayer: Explain Spec");
  const explained = editor.page.locator(".editor-group-container.active .view-lines", {
    hasText: "What ZLayer makes of",
  });
  await explained.waitFor();
  expect(await workbench.editorText()).toMatch(/pull_policy: if_not_present # \(default\)/);
  await workbench.screenshot("explain");
});

test("a Compose file becomes a spec, with a list of what could not be carried over", async () => {
  await workbench.openFile("docker-compose.yml");
  await workbench.palette("ZLayer: Convert Compose File to Spec");
  await workbench.notified("One part has no counterpart in a spec.");
  await workbench.hideNotifications();
  await expect.poll(() => workbench.editorText()).toMatch(/services\.web\.secrets[\s\S]*deployment: shop/);
  await workbench.screenshot("compose");
});
