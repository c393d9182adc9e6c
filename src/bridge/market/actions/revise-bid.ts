import type { MarketClient } from "../market-client";
import type { PreparedTransaction } from "../transaction";
import { type BidArguments, prepareBid } from "./bid";

/** Replaces the node's bid by one with another price or end. @throws {MarketError} */
export function reviseBid(market: MarketClient, args: BidArguments): Promise<PreparedTransaction> {
  return prepareBid(market, `Change the bid for job ${args.jobId}`, args);
}
