// The encodings and the formula agree with the vectors that Solidity and Rust are tested with.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Address, type Hex, hashStruct, hashTypedData, recoverAddress } from "viem";
import { describe, expect, it } from "vitest";
import type { Receipt } from "../market/receipts";
import type { MeteringEntry } from "../market/types";
import { chainHash, meteringLeaf, meteringTree, verifyMeteringProof } from "./metering-log";
import { payoutDue } from "./payout";
import { type ReceiptDomain, receiptTypedData } from "./receipt";

const read = <T>(name: string): T =>
  JSON.parse(readFileSync(join(import.meta.dirname, "../../../contracts/test/vectors", `${name}.json`), "utf8")) as T;

/** As they are written in the files: integers beyond 2^53 are decimal strings. */
type Written<T> = { [K in keyof T]: T[K] extends bigint ? string : T[K] };

const metering = read<{
  root: Hex;
  vectors: { entry: Written<MeteringEntry>; leaf: Hex; chain: Hex; proof: Hex[] }[];
}>("metering");
const entryOf = (entry: Written<MeteringEntry>): MeteringEntry => ({
  jobId: BigInt(entry.jobId),
  index: entry.index,
  usedSeconds: entry.usedSeconds,
  cpuNanoseconds: BigInt(entry.cpuNanoseconds),
  memoryByteSeconds: BigInt(entry.memoryByteSeconds),
  networkBytes: BigInt(entry.networkBytes),
  blockBytes: BigInt(entry.blockBytes),
  gpuMilliseconds: BigInt(entry.gpuMilliseconds),
});
const leaves = metering.vectors.map(({ entry }) => meteringLeaf(entryOf(entry)));
const flipped = (hash: Hex): Hex => `${hash.slice(0, -1)}${hash.endsWith("0") ? "1" : "0"}` as Hex;

describe("metering log", () => {
  it("has the leaves, the chain, the root and the proofs of the vectors", () => {
    const tree = meteringTree(leaves);
    expect(tree.root).toBe(metering.root);
    metering.vectors.forEach(({ leaf, chain, proof }, i) => {
      expect(leaves[i]).toBe(leaf);
      expect(chainHash(leaves.slice(0, i + 1))).toBe(chain);
      expect(tree.proof(leaf)).toEqual(proof);
      expect(verifyMeteringProof(metering.root, leaf, proof)).toBe(true);
    });
  });

  it("proves every entry of logs of any length", () => {
    for (let length = 1; length <= leaves.length; length++) {
      const tree = meteringTree(leaves.slice(0, length));
      for (const leaf of leaves.slice(0, length)) {
        expect(verifyMeteringProof(tree.root, leaf, tree.proof(leaf))).toBe(true);
      }
    }
  });

  it("proves nothing that was changed", () => {
    for (const { entry, leaf, proof } of metering.vectors) {
      const more = meteringLeaf({ ...entryOf(entry), usedSeconds: entry.usedSeconds - 1 });
      expect(verifyMeteringProof(metering.root, more, proof)).toBe(false);
      proof.forEach((_, i) => {
        expect(verifyMeteringProof(metering.root, leaf, proof.with(i, flipped(proof[i] ?? "0x")))).toBe(false);
      });
      expect(verifyMeteringProof(metering.root, leaf, proof.slice(1))).toBe(false);
    }
    expect(chainHash([...leaves].reverse())).not.toBe(chainHash(leaves));
  });

  it("refuses an empty log, a foreign leaf and a number that does not fit", () => {
    expect(() => meteringTree([])).toThrow("without entries");
    expect(() => meteringTree(leaves).proof(flipped(metering.root))).toThrow("no entry");
    const entry = entryOf(metering.vectors[0]?.entry ?? raise());
    expect(() => meteringLeaf({ ...entry, networkBytes: 2n ** 64n })).toThrow();
  });
});

describe("payout", () => {
  const { vectors } = read<{ vectors: Record<string, string>[] }>("payouts");
  it.each(vectors)("is $due for $used of $promised s", (vector) => {
    const due = payoutDue({
      rate: BigInt(vector["rate"] ?? raise()),
      usedSeconds: Number(vector["used"]),
      promisedSeconds: Number(vector["promised"]),
      availabilityBps: Number(vector["availability"]),
      escrow: BigInt(vector["escrow"] ?? raise()),
    });
    expect(due).toBe(BigInt(vector["due"] ?? raise()));
  });
});

describe("receipt", () => {
  const file = read<{
    domain: ReceiptDomain;
    node: Address;
    receiptKey: Address;
    vectors: {
      receipt: Written<Receipt>;
      structHash: Hex;
      digest: Hex;
      nodeSignature: Hex;
      developerSignature: Hex;
    }[];
  }>("receipts");
  it.each(file.vectors)("has the digest $digest, and both signatures are of it", async (vector) => {
    const receipt = { ...vector.receipt, jobId: BigInt(vector.receipt.jobId), amount: BigInt(vector.receipt.amount) };
    const typed = receiptTypedData(file.domain, receipt);
    expect(hashStruct({ data: typed.message, types: typed.types, primaryType: "Receipt" })).toBe(vector.structHash);
    const digest = hashTypedData(typed);
    expect(digest).toBe(vector.digest);
    expect(await recoverAddress({ hash: digest, signature: vector.nodeSignature })).toBe(file.node);
    expect(await recoverAddress({ hash: digest, signature: vector.developerSignature })).toBe(file.receiptKey);
  });
});

function raise(): never {
  throw new Error("the vectors are incomplete");
}
