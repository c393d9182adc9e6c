import type { Address } from "viem";
import { ottAbi } from "../contracts";
import type { MarketClient } from "../market-client";
import { encodeFunctionData, prepare } from "../prepare";
import type { PreparedTransaction } from "../transaction";
import { ott } from "../words";
import { address, amount } from "./terms";

/** Sends OTT to another account. @param args.sum in wei. @throws {MarketError} */
export async function transfer(
  market: MarketClient,
  args: { readonly from: Address; readonly to: Address; readonly sum: bigint },
): Promise<PreparedTransaction> {
  const to = address("receiver", args.to);
  return prepare(market, args.from, {
    title: "Send OTT",
    contract: "token",
    data: encodeFunctionData({ abi: ottAbi, functionName: "transfer", args: [to, amount("sum", args.sum)] }),
    describes: [
      { label: "Sum", value: ott(args.sum) },
      { label: "To", value: to },
    ],
  });
}
