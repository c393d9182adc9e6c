import type { Address } from "viem";
import { computeMarketAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";
import { perHour, short, time } from "../words";
import { amount, whole } from "./terms";

export interface BidArguments {
  /** The node's wallet or its delegate. */
  readonly from: Address;
  readonly jobId: bigint;
  readonly node: Address;
  /** Price for a second, in wei. */
  readonly rate: bigint;
  /** Until when the bid may be taken, in seconds since 1970. */
  readonly validUntil: number;
}

/** Bids for an open job, also for one that is open again. @throws {MarketError} */
export function bid(market: MarketClient, args: BidArguments): Promise<PreparedTransaction> {
  return prepareBid(market, `Bid for job ${args.jobId}`, args);
}

/** The call is the same for the first bid and for a changed one. */
export async function prepareBid(
  market: MarketClient,
  title: string,
  { from, jobId, node, rate, validUntil }: BidArguments,
): Promise<PreparedTransaction> {
  const args = [jobId, node, amount("price", rate), whole("end of the bid", validUntil, 32)] as const;
  return prepare(market, from, {
    title,
    contract: "market",
    data: encodeFunctionData({ abi: computeMarketAbi, functionName: "bid", args }),
    describes: [
      { label: "Price", value: perHour(rate) },
      { label: "Valid until", value: time(validUntil) },
      { label: "Node", value: short(node) },
    ],
  });
}
