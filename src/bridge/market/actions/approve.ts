import type { Address } from "viem";
import { CONTRACT_TITLES, ottAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import type { MarketAddresses } from "../network";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";
import { ott } from "../words";
import { amount } from "./terms";

/** Contracts that take OTT from accounts. */
export type Spender = Exclude<keyof MarketAddresses, "token">;

/**
 * Allows one of the contracts to take exactly this sum, in place of what it was allowed before.
 *
 * @param args.sum in wei
 * @throws {MarketError}
 */
export async function approve(
  market: MarketClient,
  args: { readonly from: Address; readonly spender: Spender; readonly sum: bigint },
): Promise<PreparedTransaction> {
  const { from, spender, sum } = args;
  return prepareApproval(market, `Allow ${CONTRACT_TITLES[spender]} to take OTT`, { from, spender, sum });
}

/** The call is the same for a grant and for its end. */
export async function prepareApproval(
  market: MarketClient,
  title: string,
  { from, spender, sum }: { readonly from: Address; readonly spender: Spender; readonly sum: bigint },
): Promise<PreparedTransaction> {
  const to = market.network.addresses[spender];
  return prepare(market, from, {
    title,
    contract: "token",
    data: encodeFunctionData({ abi: ottAbi, functionName: "approve", args: [to, amount("sum", sum)] }),
    describes: [
      { label: "May be taken", value: sum === 0n ? "nothing any more" : ott(sum) },
      { label: "By", value: `${CONTRACT_TITLES[spender]}, ${to}` },
    ],
  });
}
