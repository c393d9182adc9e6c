import type { Address } from "viem";
import { computeMarketAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";
import { describeTerms, encodeTerms, requirePinned, type Terms } from "./terms";

/**
 * Posts a job. The market needs an allowance for the escrow (`approve`); with `postJobWithPermit` it needs none.
 *
 * @throws {MarketError}
 */
export async function postJob(
  market: MarketClient,
  { from, terms }: { readonly from: Address; readonly terms: Terms },
): Promise<PreparedTransaction> {
  const encoded = encodeTerms(terms);
  await requirePinned(market, terms.specCid);
  return prepare(market, from, {
    title: "Post job",
    contract: "market",
    data: encodeFunctionData({ abi: computeMarketAbi, functionName: "post", args: [encoded] }),
    describes: describeTerms(terms),
  });
}
