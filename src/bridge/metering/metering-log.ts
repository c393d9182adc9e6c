// The metering log of a job: how entries become leaves, the chain that binds their order, and the Merkle tree that proves one.
// Same encoding as contracts/src/libraries/MeteringLog.sol and the crate sidecar-metering; contracts/test/vectors/metering.json.
import { concat, encodeAbiParameters, type Hex, keccak256, zeroHash } from "viem";
import type { MeteringEntry } from "../market/types";

/** Fields of an entry in the order in which they are encoded; units are those of `MeteringEntry`. */
const ENTRY = [
  { name: "jobId", type: "uint256" },
  { name: "index", type: "uint32" },
  { name: "usedSeconds", type: "uint32" },
  { name: "cpuNanoseconds", type: "uint64" },
  { name: "memoryByteSeconds", type: "uint128" },
  { name: "networkBytes", type: "uint64" },
  { name: "blockBytes", type: "uint64" },
  { name: "gpuMilliseconds", type: "uint64" },
] as const;

/**
 * Leaf of an entry: keccak256(keccak256(abi.encode(entry))). It is hashed twice, so that no inner node can pass for a leaf.
 *
 * @throws {Error} when a number does not fit into its field
 */
export function meteringLeaf(entry: MeteringEntry): Hex {
  return keccak256(
    keccak256(
      encodeAbiParameters(ENTRY, [
        entry.jobId,
        entry.index,
        entry.usedSeconds,
        entry.cpuNanoseconds,
        entry.memoryByteSeconds,
        entry.networkBytes,
        entry.blockBytes,
        entry.gpuMilliseconds,
      ]),
    ),
  );
}

/**
 * The hash of a log up to and with an entry: keccak256(previous || leaf), starting from 32 zero bytes. Whoever knows it notices
 * when an entry before it is changed, moved, left out or added.
 *
 * @param before the hash of the log before these leaves
 */
export function chainHash(leaves: readonly Hex[], before: Hex = zeroHash): Hex {
  return leaves.reduce((previous, leaf) => keccak256(concat([previous, leaf])), before);
}

/** A Merkle tree with sorted pairs, laid out like the "standard tree" of OpenZeppelin's merkle-tree library. */
export interface MeteringTree {
  readonly root: Hex;
  /**
   * The hashes that lead from a leaf to the root.
   *
   * @throws {RangeError} when the leaf is not in the log
   */
  proof(leaf: Hex): Hex[];
}

/**
 * Builds the tree of a log.
 *
 * @param leaves one for each entry, in any order
 * @throws {RangeError} when there are none
 */
export function meteringTree(leaves: readonly Hex[]): MeteringTree {
  if (leaves.length === 0) {
    throw new RangeError("A metering log without entries has no root.");
  }
  // A heap: node i has the children 2i + 1 and 2i + 2; the leaves fill its end, in descending order.
  const sorted = leaves
    .map((leaf) => leaf.toLowerCase() as Hex)
    .sort()
    .reverse();
  const nodes: Hex[] = [...new Array<Hex>(leaves.length - 1).fill(zeroHash), ...sorted];
  for (let i = leaves.length - 2; i >= 0; i--) {
    nodes[i] = pair(at(nodes, 2 * i + 1), at(nodes, 2 * i + 2));
  }
  return {
    root: at(nodes, 0),
    proof(leaf) {
      let i = nodes.lastIndexOf(leaf.toLowerCase() as Hex);
      if (i < leaves.length - 1) {
        throw new RangeError(`The metering log has no entry with the leaf ${leaf}.`);
      }
      const proof: Hex[] = [];
      for (; i > 0; i = (i - 1) >> 1) {
        proof.push(at(nodes, i % 2 === 0 ? i - 1 : i + 1));
      }
      return proof;
    },
  };
}

/** Whether a proof leads from a leaf to the root. */
export function verifyMeteringProof(root: Hex, leaf: Hex, proof: readonly Hex[]): boolean {
  return proof.reduce<Hex>((hash, other) => pair(hash, other), leaf).toLowerCase() === root.toLowerCase();
}

function pair(a: Hex, b: Hex): Hex {
  return keccak256(concat(a.toLowerCase() < b.toLowerCase() ? [a, b] : [b, a]));
}

function at(nodes: readonly Hex[], index: number): Hex {
  const node = nodes[index];
  if (node === undefined) {
    throw new RangeError(`A Merkle tree of ${nodes.length} nodes has no node ${index}.`);
  }
  return node;
}
