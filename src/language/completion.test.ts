import { afterAll, beforeAll, expect, test } from "vitest";
import type { CompletionItem, TextEdit } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { type OpenDocument, TestServer } from "./testing";

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 900_000);
afterAll(async () => {
  await server.stop();
});

/** Completes at `|` of the text. */
async function complete(marked: string): Promise<{ document: OpenDocument; items: CompletionItem[] }> {
  const at = marked.indexOf("|");
  const document = await server.open(marked.replace("|", ""));
  const position = TextDocument.create("", "", 1, document.text).positionAt(at);
  const items = (await document.request("textDocument/completion", { position })) as CompletionItem[];
  items.sort((a, b) => ((a.sortText ?? a.label) < (b.sortText ?? b.label) ? -1 : 1));
  return { document, items };
}

const labels = async (marked: string) => (await complete(marked)).items.map(({ label }) => label);

const HEAD = "version: v1\ndeployment: demo\nservices:\n";

test("an empty file begins with what is required", async () => {
  expect((await labels("|")).slice(0, 3)).toEqual(["version", "deployment", "services"]);
  expect(await labels("version: v1\n|")).not.toContain("version");
  expect(await labels("version: |")).toContain("v1");
});

test("a service's keys, the required first, those that are there left out", async () => {
  const offered = await labels(`${HEAD}  web:\n    im|`);
  expect(offered[0]).toBe("image");
  expect(offered).toContain("health");
  expect(offered).not.toContain("cap_add");
  expect(await labels(`${HEAD}  web:\n    image: {name: a}\n    |\n    scale: {mode: manual}\n`)).not.toContain(
    "scale",
  );
});

test("keys inside lists, and those of the chosen kind only", async () => {
  expect(await labels(`${HEAD}  web:\n    depends:\n      - |`)).toEqual([
    "service",
    "condition",
    "on_timeout",
    "timeout",
  ]);
  const bind = await labels(`${HEAD}  web:\n    storage:\n      - type: bind\n        |`);
  expect(bind).toEqual(["source", "target", "readonly"]);
  expect(await labels(`${HEAD}  web:\n    scale:\n      mode: fixed\n      |`)).toEqual(["replicas"]);
});

test("between brackets", async () => {
  expect(await labels(`${HEAD}  web:\n    image: {|}\n`)).toEqual(["name", "pull_policy", "source_policy"]);
  expect(await labels(`${HEAD}  web:\n    image: {name: a, pull_policy: |}\n`)).toEqual([
    "always",
    "newer",
    "if_not_present",
    "never",
  ]);
});

test("values: names of the schema, services, durations, kinds", async () => {
  expect(await labels(`${HEAD}  web:\n    rtype: |`)).toEqual(["service", "job", "cron"]);
  expect(await labels(`${HEAD}  db: {image: {name: a}}\n  web:\n    depends:\n      - service: |`)).toEqual(["db"]);
  expect(await labels(`${HEAD}  web:\n    stop_grace_period: |`)).toContain("30s");
  expect(await labels(`${HEAD}  web:\n    scale: {mode: |}`)).toEqual(["adaptive", "fixed", "manual"]);
  expect(await labels(`${HEAD}  web:\n    privileged: |`)).toEqual(["true", "false"]);
  expect(await labels(`${HEAD}  web:\n    env:\n      A: |`)).toEqual(["$E:", "$S:"]);
});

test("in a long spec too", async () => {
  const others = Array.from(
    { length: 500 },
    (_, i) => `  s${i}:\n    image: {name: a}\n    scale: {mode: manual}\n`,
  ).join("");
  const offered = await labels(
    `${HEAD}${others}  web:\n    image: {name: a}\n    |\n${others.replaceAll("  s", "  t")}api: {}\n`,
  );
  expect(offered[0]).toBe("scale");
  expect(offered).not.toContain("image");
  expect(await labels(`${HEAD}${others}  web:\n    depends:\n      - service: s49|`)).toContain("s499");
  expect(await labels(`${HEAD}${others}|`)).toEqual(["api", "environment", "externals", "project", "tunnels"]);
}, 60_000);

test("nothing in comments, and nothing where the schema is open", async () => {
  expect(await labels(`${HEAD}  web:\n    # |`)).toEqual([]);
  expect(await labels(`${HEAD}  web:\n    labels:\n      |`)).toEqual([]);
});

test("a whole spec comes out of completion alone", async () => {
  let text = "";
  /** Takes the item of that label at the end of the text, with the first choice or the given text in each hole. */
  const take = async (label: string, ...holes: string[]): Promise<void> => {
    const { items } = await complete(`${text}|`);
    const item = items.find((candidate) => candidate.label === label);
    const edit = item?.textEdit as TextEdit | undefined;
    if (edit === undefined) {
      throw new Error(
        `${label} is not offered after ${JSON.stringify(text)}, only ${items.map((other) => other.label).join(" ")}`,
      );
    }
    const indent = /[^\n]*$/.exec(text)?.[0].match(/^\s*/)?.[0] ?? "";
    let hole = 0;
    const filled = edit.newText
      .replace(
        /\$\{\d+\|([^,|]*)[^}]*\}|\$\{\d+:([^}]*)\}|\$[1-9]/g,
        (_all, choice?: string, word?: string) => holes[hole++] ?? choice ?? word ?? "",
      )
      .replace("$0", "")
      .replaceAll("\n", `\n${indent}`);
    const range = TextDocument.create("", "", 1, text);
    text = text.slice(0, range.offsetAt(edit.range.start)) + filled;
  };
  await take("version");
  await take("v1");
  text += "\n";
  await take("deployment");
  text += "demo\n";
  await take("services");
  await take("new service", "web", "nginx:1.27", "1");
  text = `${text.trimEnd()}\n    `;
  await take("health");
  text = `${text.trimEnd()}\n        port: 80\n    `;
  await take("port_mappings", "80");
  text = `${text.trimEnd()}\n`;
  const document = await server.open(text);
  expect(document.diagnostics).toEqual([]);
});
