// Edits at random places, as a user makes them, against a fresh read of the same text.
import { afterAll, beforeAll, expect, test } from "vitest";
import { below, numbers, PIECES, SPECS } from "./random-edits";
import { TestServer } from "./testing";

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 900_000);
afterAll(async () => {
  await server.stop();
});

/** The positions of the protocol cannot lie between the two characters of a line's end: the place before it. */
function place(text: string, offset: number): number {
  return text.slice(offset - 1, offset + 1) === "\r\n" ? offset - 1 : offset;
}

test.each(SPECS.map((spec, at) => [at, spec] as const))(
  "after any edits of spec %i the diagnostics are those of the text, and undoing brings back none",
  async (at, spec) => {
    const random = numbers(at + 7);
    const document = await server.open(spec, `file:///edited-${at}.zlayer.yml`);
    const before = document.summary;
    for (let round = 0; round < 5; round++) {
      const undo: [number, number, string][] = [];
      for (let edit = 0; edit < 4; edit++) {
        const { text } = document;
        const start = place(text, below(random, text.length + 1));
        const removed = below(random, 3) === 0 ? below(random, 12) : 0;
        const length = place(text, Math.min(text.length, start + removed)) - start;
        const chosen = PIECES[below(random, PIECES.length)] ?? "";
        // Nor may a piece become half of a line's end.
        const joins = /\r\n/.test(
          `${text.charAt(start - 1)}|${chosen}|${text.charAt(start + length)}`.replaceAll("|", ""),
        );
        const piece = joins ? "x" : chosen;
        undo.unshift([start, piece.length, text.slice(start, start + length)]);
        await document.edit(start, length, piece);
      }
      const edited = document.diagnostics;
      const fresh = await server.open(document.text, `file:///fresh-${at}-${round}.zlayer.yml`);
      expect(fresh.diagnostics).toEqual(edited);
      await fresh.request("textDocument/documentSymbol");
      await fresh.request("textDocument/foldingRange");
      await fresh.request("textDocument/semanticTokens/full");
      const position = { line: below(random, 15), character: below(random, 12) };
      await fresh.request("textDocument/completion", { position });
      for (const [start, length, text] of undo) {
        await document.edit(start, length, text);
      }
      expect(document.text).toBe(spec);
      expect(document.summary).toEqual(before);
    }
  },
  120_000,
);
