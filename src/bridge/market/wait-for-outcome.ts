import {
  type Address,
  type Hash,
  type PublicClient,
  parseEventLogs,
  type Transaction,
  type TransactionReceipt,
} from "viem";
import { delay } from "../wait";
import { rpcHost } from "./chain";
import { decodeContractError } from "./contract-errors";
import { computeMarketAbi, contractAt } from "./contracts";
import { MarketError, revertData, toMarketError } from "./errors";
import type { MarketClient } from "./market-client";
import type { TransactionRequest } from "./send";
import type { Outcome } from "./transaction";

/** A transaction that was sent. */
export interface Pending {
  readonly hash: Hash;
  readonly from: Address;
  /** Unknown when the wallet chose it and the chain has not shown it yet. */
  readonly nonce: number | undefined;
  readonly request: TransactionRequest;
  /** The last block before it was sent. */
  readonly since: bigint;
}

/**
 * A transaction that the RPC does not know, in so many polls one after the other, is taken for dropped. Public RPCs are many machines,
 * some of which hear of a transaction later.
 */
const POLLS_UNTIL_DROPPED = 12;

/**
 * Waits until a transaction is in a block, another one has taken its place, or it is forgotten. Troubles of the RPC are waited out.
 *
 * @throws the signal's `AbortError`
 */
export async function waitForOutcome(market: MarketClient, sent: Pending, signal?: AbortSignal): Promise<Outcome> {
  const { chain } = market;
  let nonce = sent.nonce;
  let unseen = 0;
  for (;;) {
    signal?.throwIfAborted();
    const step = await look(market, sent, nonce).catch((error: unknown) => {
      const translated = toMarketError(error, rpcHost(market.network), market.network.currency);
      // What the RPC cannot say now it may say later.
      return { retryAfter: translated instanceof MarketError ? translated.details.retryAfter : undefined };
    });
    if ("outcome" in step) {
      return step.outcome;
    }
    if ("nonce" in step) {
      nonce = step.nonce ?? nonce;
      unseen = step.known ? 0 : unseen + 1;
      if (unseen >= POLLS_UNTIL_DROPPED) {
        return { kind: "dropped", hash: sent.hash };
      }
    }
    await delay("retryAfter" in step && step.retryAfter ? step.retryAfter : chain.pollingInterval, signal);
  }
}

type Step = { readonly outcome: Outcome } | { readonly nonce: number | undefined; readonly known: boolean };

async function look(market: MarketClient, sent: Pending, nonce: number | undefined): Promise<Step> {
  const { chain } = market;
  const mined = await receiptOf(chain, sent.hash);
  if (mined !== undefined) {
    return { outcome: await outcomeOf(market, sent, mined) };
  }
  const transaction = await chain.getTransaction({ hash: sent.hash }).catch(absent);
  const used = nonce ?? transaction?.nonce;
  if (transaction === undefined && used !== undefined) {
    const count = await chain.getTransactionCount({ address: sent.from, blockTag: "latest" });
    if (count > used) {
      // It may have been mined between the two questions.
      const late = await receiptOf(chain, sent.hash);
      const outcome = late === undefined ? await replacement(market, sent, used) : await outcomeOf(market, sent, late);
      return outcome === undefined ? { nonce: used, known: false } : { outcome };
    }
  }
  return { nonce: used, known: transaction !== undefined };
}

async function outcomeOf(market: MarketClient, sent: Pending, receipt: TransactionReceipt): Promise<Outcome> {
  const { hash } = sent;
  const cost = receipt.gasUsed * receipt.effectiveGasPrice;
  const block = receipt.blockNumber;
  if (receipt.status === "success") {
    return { kind: "confirmed", hash, block, cost, ...jobPosted(market, receipt) };
  }
  return { kind: "reverted", hash, block, cost, reason: await reasonOf(market.chain, sent, receipt) };
}

/** Why it reverted: the same call is simulated upon the block before. */
async function reasonOf(chain: PublicClient, sent: Pending, receipt: TransactionReceipt): Promise<string> {
  const { to, data, gas } = sent.request;
  try {
    await chain.call({ account: sent.from, to, data, gas, blockNumber: receipt.blockNumber - 1n });
    // It would have worked there: a transaction of the same block came first.
    await chain.call({ account: sent.from, to, data, gas, blockNumber: receipt.blockNumber });
  } catch (error) {
    const reverted = revertData(error);
    if (reverted !== undefined) {
      const { what, remedy } = decodeContractError(reverted);
      return `${what} ${remedy}`;
    }
  }
  return receipt.gasUsed >= gas
    ? "It ran out of gas. Try again: what it needs has changed since it was prepared."
    : "The contract refused; another transaction of the same block came first.";
}

/** The mined transaction that used the nonce: it is in the first block after which the account's count is higher. */
async function replacement(market: MarketClient, sent: Pending, nonce: number): Promise<Outcome | undefined> {
  const { chain } = market;
  let low = sent.since;
  let high = await chain.getBlockNumber();
  while (low < high) {
    const middle = (low + high) / 2n;
    const count = await chain.getTransactionCount({ address: sent.from, blockNumber: middle });
    if (count > nonce) {
      high = middle;
    } else {
      low = middle + 1n;
    }
  }
  const { transactions } = await chain.getBlock({ blockNumber: high, includeTransactions: true });
  const isIt = (each: Transaction): boolean =>
    each.from.toLowerCase() === sent.from.toLowerCase() && each.nonce === nonce;
  const by = transactions.find(isIt);
  const receipt = by === undefined ? undefined : await receiptOf(chain, by.hash);
  if (by === undefined || receipt === undefined) {
    return undefined;
  }
  const same = by.to?.toLowerCase() === sent.request.to.toLowerCase() && by.input === sent.request.data;
  const empty = by.to?.toLowerCase() === sent.from.toLowerCase() && by.value === 0n && by.input === "0x";
  return {
    kind: "replaced",
    by: by.hash,
    how: same ? "repriced" : empty ? "cancelled" : "other",
    outcome: receipt.status === "success" ? "confirmed" : "reverted",
    block: receipt.blockNumber,
    ...(same && jobPosted(market, receipt)),
  };
}

/** The job that a transaction posted. */
function jobPosted({ network }: MarketClient, receipt: TransactionReceipt): { jobId?: bigint } {
  const logs = receipt.logs.filter(({ address }) => contractAt(network.addresses, address) === "market");
  const [posted] = parseEventLogs({ abi: computeMarketAbi, eventName: "JobPosted", logs });
  return posted === undefined ? {} : { jobId: posted.args.jobId };
}

function receiptOf(chain: PublicClient, hash: Hash): Promise<TransactionReceipt | undefined> {
  return chain.getTransactionReceipt({ hash }).catch(absent);
}

/** Turns viem's "not found" errors into nothing. */
function absent(error: unknown): undefined {
  if (error instanceof Error && /Transaction(Receipt)?NotFoundError/.test(error.name)) {
    return undefined;
  }
  throw error;
}
