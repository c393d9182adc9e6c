import type { Address, Hex } from "viem";
import type { MarketClient } from "../market-client";
import { prepareSignature } from "../prepare";
import type { PreparedSignature } from "../transaction";
import { duration } from "../words";
import { whole } from "./terms";

/**
 * Node or delegate: prepares the consent to a longer job, which the developer hands to `extend`.
 *
 * @param args.maxDuration the new longest duration in seconds
 */
export function signExtension(
  market: MarketClient,
  args: { readonly from: Address; readonly jobId: bigint; readonly maxDuration: number },
): PreparedSignature<Hex> {
  const { from, jobId } = args;
  const maxDuration = whole("longest duration", args.maxDuration, 32);
  const { chainId, addresses } = market.network;
  return prepareSignature(market, {
    title: `Agree to extend job ${jobId}`,
    from,
    typedData: {
      domain: { name: "ZLayer ComputeMarket", version: "1", chainId, verifyingContract: addresses.market },
      types: {
        Extension: [
          { name: "jobId", type: "uint256" },
          { name: "maxDuration", type: "uint32" },
        ],
      },
      primaryType: "Extension",
      message: { jobId, maxDuration },
    },
    describes: [
      { label: "Job", value: `${jobId}` },
      { label: "Longest duration", value: duration(maxDuration) },
    ],
    read: (signature) => signature,
  });
}
