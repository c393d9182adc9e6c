import type { Address, Hex } from "viem";
import type { MarketClient } from "../market-client";
import { prepareSignature } from "../prepare";
import { type Receipt, receiptTypedData } from "../receipts";
import type { PreparedSignature } from "../transaction";
import { duration, ott } from "../words";

/** Node or delegate: prepares the node's signature under a receipt, which is handed to the developer's side. */
export function signReceipt(
  market: MarketClient,
  { from, receipt }: { readonly from: Address; readonly receipt: Receipt },
): PreparedSignature<Hex> {
  return prepareSignature(market, {
    title: `Sign a receipt of job ${receipt.jobId}`,
    from,
    typedData: receiptTypedData(market.network, receipt),
    describes: [
      { label: "Job", value: `${receipt.jobId}` },
      { label: "Time used", value: duration(receipt.usedSeconds) },
      { label: "Amount", value: ott(receipt.amount) },
      { label: "Last receipt", value: receipt.isFinal ? "yes" : "no" },
    ],
    read: (signature) => signature,
  });
}
