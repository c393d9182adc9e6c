// Writes the test vectors that Solidity, TypeScript and Rust share: `node contracts/test/vectors/generate.mjs [--check]`.
// viem is the independent implementation here; the contracts are checked against what it says.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { concat, encodeAbiParameters, hashStruct, hashTypedData, keccak256 } from "viem";
import { privateKeyToAccount } from "viem/accounts";

const DIRECTORY = import.meta.dirname;
const NODE_KEY = `0x${"a1".padStart(64, "0")}`;
const RECEIPT_KEY = `0x${"d2".padStart(64, "0")}`;
const U32 = 2 ** 32 - 1;

const RECEIPT_TYPES = {
  Receipt: [
    { name: "jobId", type: "uint256" },
    { name: "sequence", type: "uint32" },
    { name: "usedSeconds", type: "uint32" },
    { name: "amount", type: "uint96" },
    { name: "usageRoot", type: "bytes32" },
    { name: "isFinal", type: "bool" },
  ],
};

const ENTRY_PARAMETERS = [
  { name: "jobId", type: "uint256" },
  { name: "index", type: "uint32" },
  { name: "usedSeconds", type: "uint32" },
  { name: "cpuNanoseconds", type: "uint64" },
  { name: "memoryByteSeconds", type: "uint128" },
  { name: "networkBytes", type: "uint64" },
  { name: "blockBytes", type: "uint64" },
  { name: "gpuMilliseconds", type: "uint64" },
];

async function receipts() {
  const domain = {
    name: "ZLayer RewardDistribution",
    version: "1",
    chainId: 31337,
    verifyingContract: "0x1111111111111111111111111111111111111111",
  };
  const messages = [
    {
      jobId: 1n,
      sequence: 1,
      usedSeconds: 60,
      amount: 600000000000000000n,
      usageRoot: keccak256("0x01"),
      isFinal: false,
    },
    { jobId: 7n, sequence: 42, usedSeconds: 86400, amount: 1n, usageRoot: keccak256("0x02"), isFinal: true },
    {
      jobId: 2n ** 256n - 1n,
      sequence: U32,
      usedSeconds: U32,
      amount: 2n ** 96n - 1n,
      usageRoot: `0x${"f".repeat(64)}`,
      isFinal: true,
    },
    { jobId: 0n, sequence: 0, usedSeconds: 0, amount: 0n, usageRoot: `0x${"0".repeat(64)}`, isFinal: false },
  ];
  const vectors = await Promise.all(
    messages.map(async (message) => {
      const typed = { domain, types: RECEIPT_TYPES, primaryType: "Receipt", message };
      return {
        receipt: message,
        structHash: hashStruct({ data: message, types: RECEIPT_TYPES, primaryType: "Receipt" }),
        digest: hashTypedData(typed),
        nodeSignature: await privateKeyToAccount(NODE_KEY).signTypedData(typed),
        developerSignature: await privateKeyToAccount(RECEIPT_KEY).signTypedData(typed),
      };
    }),
  );
  return {
    domain,
    node: privateKeyToAccount(NODE_KEY).address,
    receiptKey: privateKeyToAccount(RECEIPT_KEY).address,
    count: vectors.length,
    vectors,
  };
}

/** A leaf is hashed twice, so that no inner node of the tree can pass for one. */
function leafOf(entry) {
  return keccak256(
    keccak256(
      encodeAbiParameters(
        ENTRY_PARAMETERS,
        ENTRY_PARAMETERS.map(({ name }) => entry[name]),
      ),
    ),
  );
}

const pair = (a, b) => keccak256(concat(a < b ? [a, b] : [b, a]));

/** Root and proofs of a tree as OpenZeppelin's merkle-tree library lays it out: a heap, its leaves sorted, in its last places. */
function tree(leaves) {
  const sorted = [...leaves].sort();
  const nodes = new Array(2 * sorted.length - 1);
  for (const [i, leaf] of sorted.entries()) {
    nodes[nodes.length - 1 - i] = leaf;
  }
  for (let i = sorted.length - 2; i >= 0; i--) {
    nodes[i] = pair(nodes[2 * i + 1], nodes[2 * i + 2]);
  }
  const proofOf = (leaf) => {
    const proof = [];
    for (let i = nodes.lastIndexOf(leaf); i > 0; i = (i - 1) >> 1) {
      proof.push(nodes[i % 2 === 0 ? i - 1 : i + 1]);
    }
    return proof;
  };
  return { root: nodes[0], proofOf };
}

function metering() {
  const entries = Array.from({ length: 5 }, (_, index) => ({
    jobId: 7n,
    index,
    usedSeconds: 60 * (index + 1),
    cpuNanoseconds: 1_500_000_000n * BigInt(index + 1),
    memoryByteSeconds: 64n * 2n ** 20n * 60n * BigInt(index + 1),
    networkBytes: 1000n * BigInt(index),
    blockBytes: 4096n * BigInt(index),
    gpuMilliseconds: 0n,
  }));
  entries.push({
    jobId: 2n ** 256n - 1n,
    index: U32,
    usedSeconds: U32,
    cpuNanoseconds: 2n ** 64n - 1n,
    memoryByteSeconds: 2n ** 128n - 1n,
    networkBytes: 2n ** 64n - 1n,
    blockBytes: 2n ** 64n - 1n,
    gpuMilliseconds: 2n ** 64n - 1n,
  });
  const leaves = entries.map(leafOf);
  const { root, proofOf } = tree(leaves);
  // What a node has logged so far, in one hash: it cannot take an entry back or slip one in without changing all that follow.
  const chain = [];
  for (const leaf of leaves) {
    chain.push(keccak256(concat([chain.at(-1) ?? `0x${"0".repeat(64)}`, leaf])));
  }
  return {
    root,
    count: entries.length,
    vectors: entries.map((entry, i) => ({ entry, leaf: leaves[i], chain: chain[i], proof: proofOf(leaves[i]) })),
  };
}

/** The formula of contracts/src/libraries/Payout.sol over numbers without bounds. */
function due({ rate, used, promised, availability, escrow }) {
  const target = promised * availability;
  const price = rate * used;
  const sum = used * 10000n < target ? (price * used * 10000n) / target : price;
  return sum < escrow ? sum : escrow;
}

function payouts() {
  const most = 2n ** 96n - 1n;
  const longest = 2n ** 32n - 1n;
  const cases = [
    { rate: 10n ** 16n, used: 3600n, promised: 3600n, availability: 9990n, escrow: 10n ** 20n },
    { rate: 10n ** 16n, used: 1800n, promised: 3600n, availability: 9000n, escrow: 10n ** 20n },
    { rate: 10n ** 16n, used: 1800n, promised: 3600n, availability: 0n, escrow: 10n ** 20n },
    { rate: 10n ** 16n, used: 3600n, promised: 3600n, availability: 10000n, escrow: 10n ** 19n },
    { rate: 7n, used: 3n, promised: 10n, availability: 3333n, escrow: most },
    { rate: most, used: longest, promised: longest, availability: 10000n, escrow: most },
    { rate: most, used: 1n, promised: longest, availability: 10000n, escrow: most },
    { rate: 1n, used: 0n, promised: 0n, availability: 10000n, escrow: 1n },
  ];
  return { count: cases.length, vectors: cases.map((input) => ({ ...input, due: due(input) })) };
}

const FILES = { "receipts.json": await receipts(), "metering.json": metering(), "payouts.json": payouts() };

for (const [name, content] of Object.entries(FILES)) {
  const file = join(DIRECTORY, name);
  // Integers are decimal strings: JSON numbers lose digits beyond 2^53.
  const text = `${JSON.stringify(content, (_, value) => (typeof value === "bigint" ? String(value) : value), 2)}\n`;
  if (!process.argv.includes("--check")) {
    await writeFile(file, text);
  } else if ((await readFile(file, "utf8").catch(() => "")) !== text) {
    throw new Error(`${name} is stale: run node contracts/test/vectors/generate.mjs`);
  }
}
