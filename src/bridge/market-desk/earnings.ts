import type { Address } from "viem";
import type { Earning } from "../../protocol/market-operator";
import type { MarketStore } from "../market/store";
import type { Fault } from "../market/types";
import { duration } from "../market/words";

const FAULTS: Readonly<Record<Exclude<Fault, "none">, string>> = {
  declined: "Handed back before it started",
  absent: "Did not start in time, or vanished",
  false: "A claim was found to be false",
};

/** Most rows that are told. */
const MOST = 1_000;

/** What a node won and lost, newest first. Stake that was lost is known as a sum. */
export function earningsOf(
  store: MarketStore,
  node: Address,
): { readonly total: string; readonly slashed: string; readonly rows: Earning[] } {
  const record = store.node(node)?.record;
  // A job that the node failed is open again, or another's: it knows the node only as barred.
  const failed = store.jobs({ filter: { where: ({ barred }) => barred.includes(node) }, limit: MOST }).rows;
  const jobs = new Set([...store.jobs({ filter: { node }, limit: MOST }).rows, ...failed]);
  const rows: Earning[] = [];
  for (const job of jobs) {
    if (job.state === "settled" && job.assignment.node === node) {
      const { paid, settledAt, usedSeconds, fault } = job.settlement;
      const used = usedSeconds === undefined ? "" : `: ${duration(usedSeconds)} used`;
      rows.push({
        kind: "payout",
        jobId: String(job.id),
        amount: String(paid),
        at: settledAt,
        detail: `Settled${used}`,
      });
      if (fault !== "none") {
        rows.push({ kind: "fault", jobId: String(job.id), amount: "0", at: settledAt, detail: FAULTS[fault] });
      }
    }
    for (const event of store.timeline(job.id)) {
      if (event.kind === "reopened" && event.who === node && event.fault !== undefined && event.fault !== "none") {
        rows.push({ kind: "fault", jobId: String(job.id), amount: "0", at: event.at, detail: FAULTS[event.fault] });
      }
    }
  }
  rows.sort((a, b) => (b.at ?? 0) - (a.at ?? 0));
  return { total: String(record?.earned ?? 0n), slashed: String(record?.slashed ?? 0n), rows: rows.slice(0, MOST) };
}
