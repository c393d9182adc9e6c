// Jobs that no chain has seen, for what needs many of them.
import { getAddress, type Hash } from "viem";
import type { Step } from "../ledger/memory-store";
import type { MarketNetwork } from "../network";
import type { Tip } from "../store";
import type { Job } from "../types";
import { SPEC_CID } from "./market-constants";

const address = (seed: number): `0x${string}` => getAddress(`0x${seed.toString(16).padStart(40, "0")}`);

export const NETWORK: MarketNetwork = {
  name: "test",
  chainId: 5,
  rpcUrl: "http://127.0.0.1:1",
  addresses: { token: address(1), registry: address(2), market: address(3), distribution: address(4) },
  deploymentBlock: 0n,
  isDevnet: false,
  currency: "ETH",
};

export function tipAt(block: number): Tip {
  return { number: BigInt(block), hash: hash(block), timestamp: 1_700_000_000 + block };
}

function hash(seed: number): Hash {
  return `0x${seed.toString(16).padStart(64, "0")}`;
}

/** A block that posts or changes jobs. */
export function stepOf(block: number, jobs: readonly Job[]): Step {
  return { tip: tipAt(block), changes: jobs.map((value) => ({ table: "jobs", key: value.id, value })) };
}

/** The same job for the same number; a tenth is open, most are settled. */
export function syntheticJob(number: number): Job {
  const spread = (salt: number, count: number): number => ((number * 2_654_435_761 + salt * 40_503) >>> 8) % count;
  const postedAt = 1_700_000_000 + number * 60;
  const escrow = BigInt(1 + spread(1, 1_000)) * 10n ** 18n;
  const terms = {
    id: BigInt(number),
    developer: address(10_000 + spread(2, 50)),
    specCid: SPEC_CID,
    receiptKey: address(20_000 + number),
    matching: "developer",
    covered: spread(3, 4) === 0,
    availabilityBps: 0,
    maxRate: BigInt(1 + spread(4, 100)),
    deposit: escrow,
    escrow,
    maxDuration: 3_600 * (1 + spread(5, 24)),
    need: {
      millicores: 500 * (1 + spread(6, 16)),
      mebibytes: 512 * (1 + spread(7, 32)),
      gpus: spread(8, 8) === 0 ? 1 : 0,
      gpuModel: 0,
      region: [0, 276, 250][spread(9, 3)] ?? 0,
      labels: spread(10, 4),
    },
    postedAt,
    rounds: 1,
    barred: [],
  } as const;
  const assignment = {
    node: address(30_000 + spread(11, 200)),
    rate: terms.maxRate,
    locked: escrow / 2n,
    pledged: 0n,
    assignedAt: postedAt + 60,
  };
  const service = { startedAt: postedAt + 120, endsAt: postedAt + 3_720, promised: 3_600 };
  switch (spread(12, 10)) {
    case 0:
      return { ...terms, state: "open", bidDeadline: postedAt + 600 };
    case 1:
      return { ...terms, state: "running", assignment, service };
    case 2:
      return { ...terms, state: "cancelled", cancelledAt: postedAt + 700, refunded: escrow };
    default: {
      const paid = escrow / 2n;
      const settlement = {
        by: "receipt",
        paid,
        refunded: escrow - paid,
        fee: 0n,
        fault: "none",
        settledAt: service.endsAt,
      } as const;
      return { ...terms, state: "settled", assignment, service, settlement };
    }
  }
}
