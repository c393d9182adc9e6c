// Receipts: what node and developer agree on about a job so far. They are signed off chain; the last one settles the job.
import { type Address, type Hex, hashTypedData, isHex, recoverAddress, size, type TypedDataDefinition } from "viem";
import { receiptTypedData as encodeReceipt } from "../metering/receipt";
import { MarketError } from "./errors";
import type { MarketNetwork } from "./network";
import { ott } from "./words";

/** All counters are totals since the start of the job. EIP-712 type `Receipt` of RewardDistribution. */
export interface Receipt {
  readonly jobId: bigint;
  /** From 1, rising with each receipt of the job. */
  readonly sequence: number;
  readonly usedSeconds: number;
  /** What the developer owes so far, in wei. */
  readonly amount: bigint;
  /** Merkle root of the metering log so far. */
  readonly usageRoot: Hex;
  /** No other receipt will follow; anyone may settle with it. */
  readonly isFinal: boolean;
}

export interface CoSignedReceipt {
  readonly receipt: Receipt;
  /** 65 bytes, by the node's wallet key or its delegate. */
  readonly nodeSignature: Hex;
  /** 65 bytes, by the job's receipt key. */
  readonly developerSignature: Hex;
}

/** What a receipt is checked against. */
export interface ReceiptContext {
  readonly network: MarketNetwork;
  readonly jobId: bigint;
  /** The agreed price in wei for a second. */
  readonly rate: bigint;
  /** When the job started, in seconds since 1970. */
  readonly startedAt: number;
  /** When service ends, in seconds since 1970. */
  readonly endsAt: number;
  /** All money that was paid in, in wei. */
  readonly escrow: bigint;
  readonly node: Address;
  readonly delegate?: Address;
  readonly receiptKey: Address;
}

/** What the two sides sign. */
export function receiptTypedData(network: MarketNetwork, receipt: Receipt): TypedDataDefinition {
  return encodeReceipt({ chainId: network.chainId, verifyingContract: network.addresses.distribution }, receipt);
}

/**
 * Checks a receipt before it is signed: it belongs to the job, follows the last one, and asks for no more than was served.
 *
 * @param previous the last receipt that was signed for the job
 * @param now seconds since 1970
 * @throws {MarketError} `bad-receipt`
 */
export function checkReceipt(
  receipt: Receipt,
  previous: Receipt | undefined,
  context: ReceiptContext,
  now: number,
): void {
  const wrong = (what: string): MarketError =>
    new MarketError("bad-receipt", what, "Do not sign or use it; ask the other side for a correct receipt.");
  if (receipt.jobId !== context.jobId) {
    throw wrong(`The receipt is for job ${receipt.jobId}, not for job ${context.jobId}.`);
  }
  if (previous !== undefined) {
    if (previous.isFinal) {
      throw wrong(`Receipt ${previous.sequence} was the last one of the job; none may follow it.`);
    }
    if (receipt.sequence === previous.sequence) {
      throw wrong(`Receipt ${receipt.sequence} was signed before: it is repeated.`);
    }
    if (receipt.sequence < previous.sequence) {
      throw wrong(`Receipt ${receipt.sequence} is older than the last one, number ${previous.sequence}.`);
    }
    if (receipt.usedSeconds < previous.usedSeconds) {
      throw wrong(`The use goes down, from ${previous.usedSeconds} s to ${receipt.usedSeconds} s.`);
    }
    if (receipt.amount < previous.amount) {
      throw wrong(`The amount goes down, from ${ott(previous.amount)} to ${ott(receipt.amount)}.`);
    }
  } else if (receipt.sequence < 1) {
    throw wrong("The first receipt of a job has a number of at least 1.");
  }
  const served = Math.max(0, Math.min(now, context.endsAt) - context.startedAt);
  if (receipt.usedSeconds > served) {
    throw wrong(`It counts ${receipt.usedSeconds} s of use, but the job has been in service for ${served} s.`);
  }
  const cost = context.rate * BigInt(receipt.usedSeconds);
  if (receipt.amount > cost) {
    throw wrong(`Its amount of ${ott(receipt.amount)} is more than the use costs, ${ott(cost)}.`);
  }
  if (receipt.amount > context.escrow) {
    throw wrong(`Its amount of ${ott(receipt.amount)} is more than the job holds, ${ott(context.escrow)}.`);
  }
}

/**
 * Checks both signatures of a receipt for this job, chain and contract.
 *
 * @throws {MarketError} `bad-receipt`: one was made by somebody else, or for another job, chain or contract
 */
export async function checkSignatures(signed: CoSignedReceipt, context: ReceiptContext): Promise<void> {
  const digest = hashTypedData(receiptTypedData(context.network, signed.receipt));
  const operators = [context.node, ...(context.delegate === undefined ? [] : [context.delegate])];
  await requireSigner(digest, signed.nodeSignature, operators, "node");
  await requireSigner(digest, signed.developerSignature, [context.receiptKey], "developer's side");
}

async function requireSigner(digest: Hex, signature: Hex, expected: readonly Address[], who: string): Promise<void> {
  const remedy = "Use a receipt that was signed for this job on this chain.";
  if (!isHex(signature) || size(signature) !== 65) {
    throw new MarketError("bad-receipt", `The signature of the ${who} has not 65 bytes.`, remedy);
  }
  const signer = await recoverAddress({ hash: digest, signature }).catch(() => undefined);
  if (!expected.some((address) => address.toLowerCase() === signer?.toLowerCase())) {
    const what = `The ${who} did not sign this receipt: the signature is of ${signer ?? "nobody"}, or for another job, chain or contract.`;
    throw new MarketError("bad-receipt", what, remedy);
  }
}
