import type { Address } from "viem";
import { computeMarketAbi } from "../contracts";
import { MarketError } from "../errors";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";
import { ott } from "../words";
import type { Permit } from "./sign-permit";
import { describeTerms, encodeTerms, requirePinned, type Terms } from "./terms";

/**
 * Posts a job with a permit from `signPermit` in place of an allowance: one transaction.
 *
 * @throws {MarketError}
 */
export async function postJobWithPermit(
  market: MarketClient,
  { from, terms, permit }: { readonly from: Address; readonly terms: Terms; readonly permit: Permit },
): Promise<PreparedTransaction> {
  const encoded = encodeTerms(terms);
  if (permit.value !== terms.escrow) {
    const what = `The permit is for ${ott(permit.value)}, but the job's escrow is ${ott(terms.escrow)}.`;
    throw new MarketError("bad-argument", what, "Sign a permit for the escrow.");
  }
  await requirePinned(market, terms.specCid);
  const { deadline, v, r, s } = permit;
  return prepare(market, from, {
    title: "Post job",
    contract: "market",
    data: encodeFunctionData({
      abi: computeMarketAbi,
      functionName: "postWithPermit",
      args: [encoded, { deadline, v, r, s }],
    }),
    describes: describeTerms(terms),
  });
}
