import type { Hex } from "viem";
import { BrokenJournal, type JournalLine, readJournal } from "./metering-journal";
import { meteringLeaf, meteringTree } from "./metering-log";
import { payoutDue, type ServiceUse } from "./payout";

/** What was billed, and what it is checked against. */
export interface Bill extends Omit<ServiceUse, "usedSeconds"> {
  readonly jobId: bigint;
  readonly usedSeconds: number;
  /** In wei, before the fee. */
  readonly amount: bigint;
  /** Merkle root under the receipt or the claim. */
  readonly root: Hex;
  /** Seconds from the start to the end of service. */
  readonly servedSeconds: number;
}

export interface Verification {
  /** What the log says is due, in wei; undefined for a log that cannot be read. */
  readonly due: bigint | undefined;
  readonly usedSeconds: number | undefined;
  /** Where the bill is other than the log, for the user; none for a bill that is right. */
  readonly differences: readonly string[];
}

/**
 * Computes a bill again from the log that the node published. A receipt is about the beginning of a log that went on after it, so the part whose root
 * it names is looked for.
 */
export function verifyBill(log: string, bill: Bill): Verification {
  let lines: JournalLine[];
  try {
    lines = readJournal(log, bill.jobId);
  } catch (error) {
    if (error instanceof BrokenJournal) {
      return { due: undefined, usedSeconds: undefined, differences: [error.message] };
    }
    throw error;
  }
  const count = countUnder(lines, bill);
  const entry = lines[(count ?? lines.length) - 1]?.entry;
  if (entry === undefined) {
    return { due: undefined, usedSeconds: undefined, differences: ["The log has no entries."] };
  }
  const differences: string[] = [];
  if (count === undefined) {
    differences.push(
      `No part of the log has the root ${bill.root} that was signed: it is another log, or was changed.`,
    );
  }
  if (entry.usedSeconds !== bill.usedSeconds) {
    differences.push(`The bill counts ${bill.usedSeconds} s of use, the log ${entry.usedSeconds} s.`);
  }
  if (entry.usedSeconds > bill.servedSeconds) {
    differences.push(`The log counts ${entry.usedSeconds} s, but the job was in service for ${bill.servedSeconds} s.`);
  }
  const due = payoutDue({ ...bill, usedSeconds: entry.usedSeconds });
  if (due !== bill.amount) {
    differences.push(`The bill is ${bill.amount} wei, the log comes to ${due} wei.`);
  }
  return { due, usedSeconds: entry.usedSeconds, differences };
}

/** How many entries the part of a log has whose root was signed. */
function countUnder(lines: readonly JournalLine[], { root, usedSeconds }: Bill): number | undefined {
  const leaves = lines.map(({ entry }) => meteringLeaf(entry));
  const isUnder = (count: number): boolean =>
    count > 0 && meteringTree(leaves.slice(0, count)).root.toLowerCase() === root.toLowerCase();
  if (isUnder(lines.length)) {
    return lines.length;
  }
  const at = lines.findIndex(({ entry }, i) => entry.usedSeconds === usedSeconds && isUnder(i + 1));
  return at < 0 ? undefined : at + 1;
}
