import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CodeLens, CompletionItem, Hover } from "vscode-languageserver/node";
import { type OpenDocument, TestServer } from "../testing";

const SPEC = "version: v1\ndeployment: shop\nservices:\n  web:\n    image: { name: docker.io/library/nginx:1.27 }\n";
const JOB = "version: v1\nspec: ./shop.zlayer.yml\npayment:\n  max_rate: 0.36\n  longest: 6h\n";

let server: TestServer;
let directory: string;
let opened = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "zlayer-job-"));
  await writeFile(join(directory, "shop.zlayer.yml"), SPEC);
  await writeFile(join(directory, "other.yml"), "a: b\n");
  server = await TestServer.start();
});

afterAll(async () => {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Opens a job in the directory; `‸` is taken out and is where the cursor is. */
async function open(text: string): Promise<{ document: OpenDocument; cursor: { line: number; character: number } }> {
  opened += 1;
  const before = text.split("‸")[0] ?? "";
  const document = await server.open(text.replace("‸", ""), at(`${opened}.zlayer-job.yml`));
  const line = before.split("\n").length - 1;
  return { document, cursor: { line, character: before.length - before.lastIndexOf("\n") - 1 } };
}

function at(name: string): string {
  return pathToFileURL(join(directory, name)).href;
}

async function completions(text: string): Promise<string[]> {
  const { document, cursor } = await open(text);
  const items = (await server.request("textDocument/completion", {
    textDocument: { uri: document.uri },
    position: cursor,
  })) as CompletionItem[];
  return items.sort((a, b) => (a.sortText ?? "").localeCompare(b.sortText ?? "")).map(({ label }) => label);
}

const said = (document: OpenDocument): string[] =>
  document.diagnostics.map(({ code, message, range }) => `${range.start.line}: ${code}: ${message}`);

test("a good job file has no problems, and no rule of specs is applied to it", async () => {
  expect(said((await open(JOB)).document)).toEqual([]);
});

test("problems stand at their fields, with the name that was meant", async () => {
  const { document } = await open(JOB.replace("longest: 6h", "longes: 6h"));
  expect(said(document).sort()).toEqual([
    "2: missing-field: “payment.longest” is missing.",
    "4: unknown-field: There is no field “longes” here. Did you mean “longest”?",
  ]);
});

test("a spec that is not there, or cannot run, is told at its name", async () => {
  expect(said((await open(JOB.replace("shop", "no"))).document)).toEqual([
    "1: spec-missing: The spec “./no.zlayer.yml” is not there.",
  ]);
  expect(said((await open(JOB.replace("shop.zlayer", "other"))).document)[0]).toMatch(
    /^1: spec-invalid: The spec “\.\/other\.yml” cannot run: line 1: /,
  );
});

test.each([
  ["/dev/zero", "is no file"],
  ["./", "is no file"],
])("the spec %s is not read", async (path, reason) => {
  expect(said((await open(JOB.replace("./shop.zlayer.yml", path))).document)).toEqual([
    `1: spec-missing: The spec “${path}” ${reason}.`,
  ]);
});

test("a spec that is edited changes what its job file says", async () => {
  const { document } = await open(JOB.replace("shop", "draft"));
  const told = server.nextDiagnostics(document.uri);
  await server.open(SPEC, at("draft.zlayer.yml"));
  expect(await told).toEqual([]);
});

test("keys that are still missing are offered, the required ones first", async () => {
  expect(await completions("‸")).toEqual(["version", "spec", "payment", "availability", "bidding"]);
  expect(await completions("version: v1\npayment:\n  longest: 1h\n  ‸")).toEqual(["max_rate", "token"]);
});

test("values are offered: specs beside the file, lists, usual amounts", async () => {
  expect(await completions("spec: ‸")).toEqual(["./shop.zlayer.yml"]);
  expect(await completions("bidding:\n  match: ‸")).toEqual(["manual", "lowest"]);
  expect(await completions("bidding:\n  labels:\n    - ‸")).toContain("renewable-energy");
  expect(await completions("bidding:\n  region: ‸")).toContain("DE");
  expect(await completions("payment:\n  longest: ‸")).toContain("6h");
  expect(await completions("bidding:\n  cover: ‸")).toEqual(["true", "false"]);
});

test("hover explains a field with its default", async () => {
  const { document } = await open(`${JOB}bidding:\n  open_for: 1h\n`);
  const hover = (await server.request("textDocument/hover", {
    textDocument: { uri: document.uri },
    position: { line: 6, character: 4 },
  })) as Hover;
  expect(hover.contents).toMatchObject({ value: expect.stringContaining("Default: `15m`") });
});

test("lenses offer to post, to estimate and to run here", async () => {
  const { document } = await open(JOB);
  const lenses = (await server.request("textDocument/codeLens", {
    textDocument: { uri: document.uri },
  })) as CodeLens[];
  expect(lenses.map(({ command }) => [command?.title, command?.command, command?.arguments])).toEqual([
    ["Post", "zlayer.job.post", [{ uri: document.uri }]],
    ["Estimate", "zlayer.job.estimate", [{ uri: document.uri }]],
    ["Run here", "zlayer.job.runHere", [{ uri: document.uri }]],
  ]);
});

test("other features answer a job file with nothing", async () => {
  const { document } = await open(JOB);
  const textDocument = { uri: document.uri };
  for (const method of ["documentSymbol", "foldingRange", "formatting", "documentLink"]) {
    const options = { tabSize: 2, insertSpaces: true };
    const answer = await server.request(`textDocument/${method}`, { textDocument, options });
    expect(answer === null || (Array.isArray(answer) && answer.length === 0), method).toBe(true);
  }
});
