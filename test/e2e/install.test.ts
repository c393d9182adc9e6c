import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../../scripts/lib/paths.mjs";
import { packagedExtension, Server } from "./driver/server";
import { Workbench } from "./driver/workbench";

let server: Server;
let workbench: Workbench;

beforeAll(async () => {
  server = await Server.start({ name: "install", vsix: await packagedExtension() });
  workbench = await Workbench.open(server.url, join(ROOT, "samples", "hello"));
});

afterAll(async () => {
  await workbench?.screenshot("install");
  await workbench?.close();
  await server?.close();
});

test("the packaged extension is installed and the sample opens", async () => {
  await workbench.openFile("hello.zlayer.yml");
  expect(await workbench.editorText()).toContain("deployment: hello");
  await workbench.page.keyboard.press("Control+Shift+X");
  await workbench.page.locator(".extensions-viewlet .monaco-list-row", { hasText: "ZLayer" }).first().waitFor();
});

test("it activates because of the spec, and says how long that took", async () => {
  await workbench.palette("Developer: Show Running Extensions");
  const row = workbench.page.locator(".runtime-extensions-editor .monaco-list-row", { hasText: "ZLayer" }).first();
  // The list, slowest first, holds only the rows in sight.
  await workbench.page.locator(".runtime-extensions-editor .monaco-list-row").first().click();
  await expect
    .poll(async () => {
      await workbench.page.keyboard.press("PageDown");
      return row.isVisible();
    })
    .toBe(true);
  const activation = /Activation:\s*(\d+)\s*ms/;
  await expect.poll(() => row.textContent()).toMatch(activation);
  console.log(`activation of the extension: ${activation.exec((await row.textContent()) ?? "")?.[1]} ms`);
});
