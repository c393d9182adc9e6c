import type { Address, Hash, Hex } from "viem";
import { chainOf, rpcHost } from "./chain";
import { toMarketError } from "./errors";
import type { MarketClient } from "./market-client";
import type { SentTransaction, Wallet } from "./transaction";
import { waitForOutcome } from "./wait-for-outcome";

/** What is sent; all of it was simulated. */
export interface TransactionRequest {
  readonly to: Address;
  readonly data: Hex;
  /** Native currency that goes along, in wei. */
  readonly value: bigint;
  readonly gas: bigint;
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** Sends of one local account wait for one another, so that each gets a nonce of its own. */
const queues = new Map<string, Promise<unknown>>();

/**
 * Has the wallet sign and send. A wallet of its own counts its nonces; for a local key they are counted here.
 *
 * @throws {MarketError} `rejected`, or what the RPC says
 */
export async function sendTransaction(
  market: MarketClient,
  wallet: Wallet,
  request: TransactionRequest,
): Promise<SentTransaction> {
  const { network, chain } = market;
  const from = wallet.account.address;
  // A replacement can only be in a later block than this one.
  const since = await chain.getBlockNumber().catch((error: unknown) => {
    throw toMarketError(error, rpcHost(network), network.currency);
  });
  const send = async (): Promise<{ hash: Hash; nonce?: number }> => {
    const nonce =
      wallet.account.type === "local"
        ? await chain.getTransactionCount({ address: from, blockTag: "pending" })
        : undefined;
    const hash = await wallet.sendTransaction({
      ...request,
      account: wallet.account,
      chain: chainOf(network),
      ...(nonce !== undefined && { nonce }),
    });
    return { hash, ...(nonce !== undefined && { nonce }) };
  };
  const key = `${network.chainId} ${from}`;
  const before = queues.get(key) ?? Promise.resolve();
  const sending = wallet.account.type === "local" ? before.then(send, send) : send();
  if (wallet.account.type === "local") {
    queues.set(
      key,
      sending.catch(() => {}),
    );
  }
  const { hash, nonce } = await sending.catch((error: unknown) => {
    throw toMarketError(error, rpcHost(network), network.currency);
  });
  return {
    hash,
    wait: (options = {}) => waitForOutcome(market, { hash, from, nonce, request, since }, options.signal),
  };
}
