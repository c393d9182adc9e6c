// Beside Red Hat's YAML extension, which most people who write YAML have: each says its own, and nothing is said twice. That extension
// comes from a marketplace only; a stand-in of its name runs its real language server for the same documents.
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../../scripts/lib/paths.mjs";
import { Editor } from "./driver/editor";
import { packagedExtension, Server } from "./driver/server";
import { Workbench } from "./driver/workbench";

const SPEC = `version: v1
deployment: shop
services:
  web:
    image:
      name: docker.io/library/nginx:1.27
    scale:
      mode: fixed
      replicas: many
`;

let made: string;
let server: Server;
let workbench: Workbench;
let editor: Editor;

beforeAll(async () => {
  made = await mkdtemp(join(tmpdir(), "zl-yaml-"));
  server = await Server.start({
    name: "yaml-extension",
    vsix: [await packagedExtension(), await standIn()],
    settings: { "files.associations": { "lent.zlayer.yml": "yaml" } },
    env: { YAML_LANGUAGE_SERVER: join(ROOT, "node_modules/yaml-language-server/bin/yaml-language-server") },
  });
  const folder = join(server.home, "shop");
  await mkdir(folder);
  await writeFile(join(folder, "shop.zlayer.yml"), SPEC);
  await writeFile(join(folder, "lent.zlayer.yml"), SPEC);
  await writeFile(join(folder, "other.yml"), "a: [1\nb: 2\n");
  workbench = await Workbench.open(server.url, folder);
  editor = new Editor(workbench);
});

afterAll(async () => {
  await workbench?.close();
  await server?.close();
  await rm(made, { recursive: true, force: true });
});

/** The stand-in as a package, which is how an extension is installed. */
async function standIn(): Promise<string> {
  const source = join(ROOT, "test/e2e/yaml-extension");
  await build({
    entryPoints: [join(source, "extension.ts")],
    outfile: join(made, "extension.js"),
    bundle: true,
    platform: "node",
    external: ["vscode"],
  });
  await copyFile(join(source, "package.json"), join(made, "package.json"));
  await writeFile(join(made, "LICENSE"), "Apache-2.0\n");
  const vsix = join(made, "yaml.vsix");
  const pack = ["package", "--no-dependencies", "--allow-missing-repository", "--skip-license", "--out", vsix];
  await promisify(execFile)(join(ROOT, "node_modules/.bin/vsce"), pack, { cwd: made });
  return vsix;
}

/** What the Problems view lists once it tells what is expected. */
async function problems(expected: RegExp): Promise<string[]> {
  await expect.poll(async () => (await workbench.problems()).join("\n"), { timeout: 30_000 }).toMatch(expected);
  return workbench.problems();
}

test("the YAML extension tells of YAML that is not ours", async () => {
  await workbench.openFile("other.yml");
  const rows = await problems(/YAML/);
  expect(rows.join("\n")).not.toContain("zlayer");
});

test("a spec that the user gave to the YAML extension is checked by it, with our schema", async () => {
  await workbench.openFile("lent.zlayer.yml");
  const rows = await problems(/yaml-schema/);
  expect(rows.filter((row) => row.includes('Expected "integer"'))).toHaveLength(1);
  expect(rows.join("\n")).not.toContain("zlayer wrong-type");
});

test("a spec is ours: nothing is found twice, nothing is offered twice", async () => {
  await workbench.openFile("shop.zlayer.yml");
  await problems(/zlayer wrong-type/);
  await editor.focus();
  await editor.page.keyboard.press("Control+End");
  await editor.page.keyboard.press("Control+Space");
  await editor.suggestions().locator(".monaco-list-row").first().waitFor();
  const offered = await editor.suggestions().locator(".label-name").allInnerTexts();
  expect(offered.length).toBeGreaterThan(0);
  expect(new Set(offered).size).toBe(offered.length);
  await editor.page.keyboard.press("Escape");
  const rows = await problems(/zlayer wrong-type/);
  const own = rows.slice(rows.indexOf("shop.zlayer.yml 1"));
  expect(own).toHaveLength(2);
});
