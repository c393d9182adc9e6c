import type { Address } from "viem";
import { insufficientFunds } from "../errors";
import type { MarketClient } from "../market-client";
import { prepareTransaction } from "../prepare";
import type { PreparedTransaction } from "../transaction";
import { money } from "../words";
import { address, amount } from "./terms";

/** Sends money in native currency to another account, for its fees. @param args.sum in wei @throws {MarketError} */
export function sendNative(
  market: MarketClient,
  args: { readonly from: Address; readonly to: Address; readonly sum: bigint },
): Promise<PreparedTransaction> {
  const to = address("account", args.to);
  const sum = amount("sum", args.sum);
  return prepareTransaction(market, args.from, {
    title: "Send money for fees",
    to,
    data: "0x",
    value: sum,
    describes: [
      { label: "Money", value: money(sum, market.network.currency) },
      { label: "To", value: to },
    ],
  });
}

/** Gas of a plain payment, with the margin that `prepare` adds and an eighth for a fee that rises meanwhile. */
const PAYMENT_GAS = (21_000n * 5n * 9n) / (4n * 8n);

/**
 * Sends all that an account has, less the fee of doing so.
 *
 * @throws {MarketError} `insufficient-funds` when it has no more than the fee
 */
export async function sendAllNative(
  market: MarketClient,
  args: { readonly from: Address; readonly to: Address },
): Promise<PreparedTransaction> {
  const { chain, network } = market;
  const [balance, price] = await Promise.all([chain.getBalance({ address: args.from }), highestPrice(market)]);
  const fee = PAYMENT_GAS * price;
  if (balance <= fee) {
    throw insufficientFunds(balance, fee, network.currency);
  }
  return sendNative(market, { ...args, sum: balance - fee });
}

async function highestPrice({ chain }: MarketClient): Promise<bigint> {
  const { baseFeePerGas } = await chain.getBlock({ blockTag: "latest" });
  return baseFeePerGas === null ? chain.getGasPrice() : (await chain.estimateFeesPerGas()).maxFeePerGas;
}
