// Edits at random places, as a user makes them, against a fresh read of the same text.
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestServer } from "./testing";

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 900_000);
afterAll(async () => {
  await server.stop();
});

const SPEC = `version: v1
deployment: demo
services:
  web: # a comment
    image: { name: nginx:1.27 }
    env:
      GREETING: "h\u00e9llo \u{1F600}"
      TOKEN: $S:token
    depends:
      - service: db
    scale: { mode: fixed, replicas: 1 }
  db: &db
    image: { name: postgres:17 }
    affinity: !pin "id=2"
    storage:
      - { type: named, name: data, target: /data }
  copy: *db
`;
const PIECES = [
  " ",
  "\n",
  "  ",
  ":",
  ": ",
  "- ",
  "{",
  "}",
  "[",
  "]",
  '"',
  "'",
  "#",
  "&a ",
  "*a",
  "!",
  "|",
  ">",
  "\t",
  "\r\n",
  "\u00e9",
  "\u{1F600}",
  "x",
  "null",
  "<<: *db",
];

/** Numbers from 0 to 1 that are the same in each run. */
function* numbers(seed: number): Generator<number, never> {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

test("after any edits the diagnostics are those of the text, and undoing brings back none", async () => {
  const random = numbers(7);
  const below = (most: number) => Math.floor(random.next().value * most);
  const document = await server.open(SPEC);
  const before = document.summary;
  for (let round = 0; round < 15; round++) {
    const undo: [number, number, string][] = [];
    for (let edit = 0; edit < 4; edit++) {
      const at = below(document.text.length + 1);
      const length = below(3) === 0 ? below(Math.min(12, document.text.length - at + 1)) : 0;
      const piece = PIECES[below(PIECES.length)] ?? "";
      undo.unshift([at, piece.length, document.text.slice(at, at + length)]);
      await document.edit(at, length, piece);
    }
    const edited = document.diagnostics;
    const fresh = await server.open(document.text, `file:///fresh-${round}.zlayer.yml`);
    expect(fresh.diagnostics).toEqual(edited);
    await fresh.request("textDocument/documentSymbol");
    await fresh.request("textDocument/foldingRange");
    await fresh.request("textDocument/semanticTokens/full");
    await fresh.request("textDocument/completion", { position: { line: below(15), character: below(12) } });
    for (const [at, length, text] of undo) {
      await document.edit(at, length, text);
    }
    expect(document.text).toBe(SPEC);
    expect(document.summary).toEqual(before);
  }
}, 120_000);
