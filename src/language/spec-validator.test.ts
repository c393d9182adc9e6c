import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SpecValidator } from "./spec-validator";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "zl-validator-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** One section of a WebAssembly module: https://webassembly.github.io/spec/core/binary/modules.html#sections */
function section(id: number, entries: readonly (readonly number[])[]): number[] {
  const content = [entries.length, ...entries.flat()];
  // Lengths here take at most 14 bits.
  return [id, (content.length & 0x7f) | 0x80, content.length >> 7, ...content];
}

function name(text: string): number[] {
  return [text.length, ...Buffer.from(text)];
}

/** A validator that breaks down over a text that begins with `x`, and finds nothing wrong in any other. */
function breaksDownOverX(): Uint8Array {
  const verdict = '{"valid":true,"problems":[],"unserved":[]}';
  // A little-endian number of 32 bits.
  const length = `${String.fromCharCode(verdict.length)}\0\0\0`;
  const i32 = 0x7f;
  const types = [
    [0x60, 0, 0],
    [0x60, 1, i32, 1, i32],
    [0x60, 2, i32, i32, 0],
    [0x60, 3, i32, i32, i32, 1, i32],
    [0x60, 0, 1, i32],
  ];
  const constant = (value: number): number[] => [0x41, value];
  const end = 0x0b;
  // local.get 0, i32.load8_u, i32.const 'x', i32.eq, if, unreachable, end, i32.const 32
  const check = [0x20, 0, 0x2d, 0, 0, 0x41, 0xf8, 0, 0x46, 0x04, 0x40, 0x00, end, ...constant(32), end];
  const functions: readonly (readonly [string, number, readonly number[]])[] = [
    ["spec_init", 0, [end]],
    ["spec_alloc", 1, [0x41, 0x80, 0x08, end]],
    ["spec_free", 2, [end]],
    ["spec_check", 3, check],
    ["spec_panic_ptr", 4, [...constant(16), end]],
    ["spec_panic_len", 4, [...constant(4), end]],
  ];
  const data = (at: number, bytes: Buffer): number[] => [0, ...constant(at), end, bytes.length, ...bytes];
  return Uint8Array.from([
    ...Buffer.from("\0asm"),
    ...[1, 0, 0, 0],
    ...section(1, types),
    ...section(
      3,
      functions.map(([, type]) => [type]),
    ),
    ...section(5, [[0, 1]]),
    ...section(7, [[...name("memory"), 2, 0], ...functions.map(([exported], index) => [...name(exported), 0, index])]),
    ...section(
      10,
      functions.map(([, , code]) => [code.length + 1, 0, ...code]),
    ),
    ...section(11, [data(16, Buffer.from("alas")), data(32, Buffer.from(`${length}${verdict}`))]),
  ]);
}

test("a text over which it breaks down costs that one answer", async () => {
  const file = join(directory, "validator.wasm");
  await writeFile(file, breaksDownOverX());
  const validator = new SpecValidator(file);
  expect(await validator.check("version: v1")).toMatchObject({ valid: true });
  await expect(validator.check("x")).rejects.toThrow("The spec validator failed: alas");
  expect(await validator.check("version: v1")).toMatchObject({ valid: true });
});

test("a module that is not there is told to whoever checks", async () => {
  const validator = new SpecValidator(join(directory, "nothing.wasm"));
  await expect(validator.check("version: v1")).rejects.toThrow("nothing.wasm");
});
