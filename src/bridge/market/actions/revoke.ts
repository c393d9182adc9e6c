import type { Address } from "viem";
import { CONTRACT_TITLES } from "../contracts";
import type { MarketClient } from "../market-client";
import type { PreparedTransaction } from "../transaction";
import { prepareApproval, type Spender } from "./approve";

/** Takes an allowance back. @throws {MarketError} */
export function revoke(
  market: MarketClient,
  { from, spender }: { readonly from: Address; readonly spender: Spender },
): Promise<PreparedTransaction> {
  return prepareApproval(market, `Revoke the allowance of ${CONTRACT_TITLES[spender]}`, { from, spender, sum: 0n });
}
