// Mesh keys agree with the vectors that the engine's crate is tested with.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { deriveMeshKey } from "./derive-key";

interface Vector {
  signature: string;
  purpose: string;
  network: string;
  epoch: string;
  secret: string;
}
const path = join(import.meta.dirname, "../../../contracts/test/vectors/mesh-keys.json");
const { vectors } = JSON.parse(readFileSync(path, "utf8")) as { vectors: Vector[] };

describe("deriveMeshKey", () => {
  it.each(vectors)("derives the key of $purpose in $network, epoch $epoch", (vector) => {
    const secret = deriveMeshKey(Buffer.from(vector.signature, "hex"), { ...vector, epoch: BigInt(vector.epoch) });
    expect(Buffer.from(secret).toString("hex")).toBe(vector.secret);
  });

  it("gives different keys for parts that read the same in a row", () => {
    const signature = new Uint8Array(65).fill(7);
    const one = deriveMeshKey(signature, { purpose: "node", network: "a", epoch: 1n });
    const two = deriveMeshKey(signature, { purpose: "nodea", network: "a", epoch: 1n });
    const three = deriveMeshKey(signature, { purpose: "nod", network: "ea", epoch: 1n });
    expect(new Set([one, two, three].map((key) => Buffer.from(key).toString("hex"))).size).toBe(3);
  });

  it.each([
    [new Uint8Array(63), "node", "a", 0n, /signature of 64 or 65 bytes; this one has 63/],
    [new Uint8Array(65), "", "a", 0n, /purpose .* has 0/],
    [new Uint8Array(65), "node", "é".repeat(128), 0n, /network .* has 256/],
    [new Uint8Array(65), "node", "a", 2n ** 64n, /out of range/],
  ])("refuses what is too short or too long (%#)", (signature, purpose, network, epoch, message) => {
    expect(() => deriveMeshKey(signature, { purpose, network, epoch })).toThrow(message);
  });
});
