import type { MarketViewState } from "../../protocol/market-messages";
import type { BidRow, JobRow } from "../../protocol/market-rows";
import { STATE_WORDS } from "./words";

type Scope = MarketViewState["scope"];
type Sort = MarketViewState["sort"];
type BidSort = MarketViewState["bidSort"];

/** What a list of jobs shows, in which order. */
export interface JobQuery {
  readonly filter: string;
  readonly scope: Scope;
  readonly sort: Sort;
  readonly descending: boolean;
  /** The list is the operator's: "mine" means jobs that the own node serves or bids on, "open" those that it can take. */
  readonly operator: boolean;
}

/** Finds and orders jobs. Remembers each row's words, so that typing stays quick in a list of ten thousand. */
export class JobFilter {
  readonly #words = new WeakMap<JobRow, string>();

  apply(rows: Iterable<JobRow>, query: JobQuery): JobRow[] {
    const terms = termsOf(query.filter);
    const found: JobRow[] = [];
    for (const row of rows) {
      if (inScope(row, query) && (terms.length === 0 || matches(this.#wordsOf(row), terms))) {
        found.push(row);
      }
    }
    return found.sort(order(query.sort, query.descending));
  }

  #wordsOf(row: JobRow): string {
    let words = this.#words.get(row);
    if (words === undefined) {
      const { need } = row;
      words = [
        `#${row.id}`,
        STATE_WORDS[row.state].word,
        row.developer,
        row.node ?? "",
        need.gpus > 0 ? `gpu ${need.gpuModel}` : "",
        need.region,
        row.mine ? "mine" : "",
      ]
        .join(" ")
        .toLowerCase();
      this.#words.set(row, words);
    }
    return words;
  }
}

function inScope(row: JobRow, { scope, operator }: JobQuery): boolean {
  if (scope === "all") {
    return true;
  }
  if (scope === "open") {
    return row.state === "open" && (!operator || row.unfit === "" || row.myBid !== null);
  }
  return operator ? row.serving || row.myBid !== null : row.mine;
}

function order(sort: Sort, descending: boolean): (a: JobRow, b: JobRow) => number {
  const sign = descending ? -1 : 1;
  const by = (a: JobRow, b: JobRow): number => {
    switch (sort) {
      case "newest":
        return compare(a.id, b.id);
      case "price":
        return compare(a.rate ?? a.maxRate, b.rate ?? b.maxRate);
      case "escrow":
        return compare(a.escrow, b.escrow);
      case "bids":
        return a.bids - b.bids;
      case "deadline":
        return a.bidDeadline - b.bidDeadline;
    }
  };
  return (a, b) => sign * by(a, b) || compare(b.id, a.id);
}

/** Compares whole numbers in decimal without making numbers of them. */
function compare(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** The bids that match, in order; those that cannot be accepted come last. */
export function filterBids(
  bids: Iterable<BidRow>,
  query: { readonly filter: string; readonly sort: BidSort; readonly descending: boolean },
): BidRow[] {
  const terms = termsOf(query.filter);
  const sign = query.descending ? -1 : 1;
  const key = (bid: BidRow): string =>
    ({ price: bid.rate, reputation: bid.reputation, stake: bid.stake, cost: bid.expectedCost })[query.sort];
  return [...bids]
    .filter((bid) => {
      const { gpus, gpuModel, region } = bid.capacity;
      const words = `${bid.node} ${region} ${gpus > 0 ? `gpu ${gpuModel}` : ""} ${bid.ineligible}`.toLowerCase();
      return matches(words, terms);
    })
    .sort(
      (a, b) =>
        Number(a.ineligible !== "") - Number(b.ineligible !== "") ||
        sign * compare(key(a), key(b)) ||
        (a.node < b.node ? -1 : 1),
    );
}

function termsOf(filter: string): string[] {
  return filter.toLowerCase().split(/\s+/).filter(Boolean);
}

function matches(words: string, terms: readonly string[]): boolean {
  return terms.every((term) => words.includes(term));
}
