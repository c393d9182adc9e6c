import { encodeAbiParameters, type Hex, keccak256, parseAbiParameters } from "viem";
import { submitProof } from "../actions";
import type { MeteringEntry } from "../types";
import { SPEC_CID, type TestMarket } from "./market";

/** The last entry of a log. */
export function entry(jobId: bigint, usedSeconds: number): MeteringEntry {
  return {
    jobId,
    index: 0,
    usedSeconds,
    cpuNanoseconds: 5_000_000_000n,
    memoryByteSeconds: 2n ** 40n,
    networkBytes: 1n,
    blockBytes: 2n,
    gpuMilliseconds: 0n,
  };
}

/** Leaf of an entry (contracts/src/libraries/MeteringLog.sol); the root of a log that has no other. */
export function leafOf(last: MeteringEntry): Hex {
  const types = parseAbiParameters("uint256, uint32, uint32, uint64, uint128, uint64, uint64, uint64");
  const { jobId, index, usedSeconds, cpuNanoseconds, memoryByteSeconds, networkBytes, blockBytes, gpuMilliseconds } =
    last;
  return keccak256(
    keccak256(
      encodeAbiParameters(types, [
        jobId,
        index,
        usedSeconds,
        cpuNanoseconds,
        memoryByteSeconds,
        networkBytes,
        blockBytes,
        gpuMilliseconds,
      ]),
    ),
  );
}

/** A job whose node has claimed its pay. */
export async function claimed(market: TestMarket, usedSeconds: number): Promise<bigint> {
  const jobId = await market.running();
  await market.passSeconds(7_201);
  const last = entry(jobId, usedSeconds);
  const from = market.accounts.node.address;
  await market.send(submitProof(market.client, { from, jobId, root: leafOf(last), logCid: SPEC_CID, last, proof: [] }));
  return jobId;
}
