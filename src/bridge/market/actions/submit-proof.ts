import type { Address, Hex } from "viem";
import { cidToBytes } from "../cid";
import { rewardDistributionAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";
import type { MeteringEntry } from "../types";
import { duration } from "../words";

/**
 * Node or delegate, after the end of service: claims pay by its own proof; it is paid when nobody disputes in time.
 *
 * @param args.root Merkle root of the metering log
 * @param args.logCid CIDv1 of the whole log
 * @param args.last the log's last entry
 * @param args.proof Merkle proof of that entry
 * @throws {MarketError}
 */
export async function submitProof(
  market: MarketClient,
  args: {
    readonly from: Address;
    readonly jobId: bigint;
    readonly root: Hex;
    readonly logCid: string;
    readonly last: MeteringEntry;
    readonly proof: readonly Hex[];
  },
): Promise<PreparedTransaction> {
  const { from, jobId, root, logCid, last, proof } = args;
  return prepare(market, from, {
    title: `Claim the pay of job ${jobId}`,
    contract: "distribution",
    data: encodeFunctionData({
      abi: rewardDistributionAbi,
      functionName: "claim",
      args: [jobId, root, cidToBytes(logCid, "log's CID"), last, proof],
    }),
    describes: [
      { label: "In service", value: duration(last.usedSeconds) },
      { label: "Metering log", value: logCid },
    ],
  });
}
