import type { BidRow, JobRow } from "../../protocol/market-rows";
import { formatAmount, hourly } from "../../protocol/money";
import { el, icon } from "../shared/dom";
import type { Column } from "../shared/virtual-grid";
import type { MarketModel } from "./market-model";
import { describeCapacity, describePlace, formatSpan, formatWhen, STATE_WORDS, shortAddress } from "./words";

/** Price an hour, as a bare number: the heading has the unit. */
export function perHour(rate: string): string {
  return formatAmount(hourly(rate));
}

function stateCell(row: JobRow): HTMLElement {
  const { word, icon: name } = STATE_WORDS[row.state];
  return el("span", { class: `state ${row.state}` }, icon(name), word);
}

/** The columns of a list of jobs. */
export function jobColumns(model: MarketModel, operator: boolean): Column<JobRow>[] {
  const columns: Column<JobRow>[] = [
    { key: "newest", title: "Job", width: "72px", sortable: true, cell: (row) => `#${row.id}` },
    { key: "state", title: "State", width: "104px", cell: stateCell },
    {
      key: "needs",
      title: "Needs",
      width: "minmax(150px, 2fr)",
      cell: (row) => {
        const place = describePlace(model, row.need);
        const text = place === "" ? describeCapacity(row.need) : `${describeCapacity(row.need)} · ${place}`;
        return el("span", { title: text }, text);
      },
    },
    {
      key: "price",
      title: "OTT/h",
      width: "100px",
      numeric: true,
      sortable: true,
      cell: (row) =>
        row.rate === null
          ? el("span", { title: "The highest price that is paid" }, `≤ ${perHour(row.maxRate)}`)
          : el("span", { title: "The agreed price" }, perHour(row.rate)),
    },
    { key: "bids", title: "Bids", width: "56px", numeric: true, sortable: true, cell: (row) => String(row.bids) },
    {
      key: "escrow",
      title: "Escrow",
      width: "92px",
      numeric: true,
      sortable: true,
      cell: (row) => formatAmount(row.escrow, 2),
    },
    {
      key: "deadline",
      title: "Bids until",
      width: "112px",
      sortable: true,
      ticks: true,
      cell: (row) => (row.state === "open" ? deadlineWords(row.bidDeadline, model.now) : "–"),
    },
  ];
  return operator ? [...columns, fitColumn()] : columns;
}

function deadlineWords(deadline: number, now: number): string {
  return deadline >= now ? formatWhen(deadline, now) : "passed";
}

function fitColumn(): Column<JobRow> {
  return {
    key: "fit",
    title: "Your node",
    width: "minmax(96px, 1fr)",
    cell: (row) => {
      if (row.myBid !== null) {
        return el("span", { class: "fits" }, icon("check"), `bids ${perHour(row.myBid)}`);
      }
      if (row.unfit === null) {
        return "–";
      }
      return row.unfit === ""
        ? el("span", { class: "fits" }, icon("check"), "fits")
        : el("span", { class: "unfit", title: row.unfit }, row.unfit);
    },
  };
}

/** The columns of the bids on a job. @param accept `undefined` where the user may not accept */
export function bidColumns(model: MarketModel, accept: ((bid: BidRow) => void) | undefined): Column<BidRow>[] {
  const columns: Column<BidRow>[] = [
    {
      key: "node",
      title: "Node",
      width: "minmax(100px, 1fr)",
      cell: (bid) =>
        el(
          "span",
          { title: bid.node, class: "mono" },
          bid.mine ? `${shortAddress(bid.node)} (you)` : shortAddress(bid.node),
        ),
    },
    { key: "price", title: "OTT/h", width: "66px", numeric: true, sortable: true, cell: (bid) => perHour(bid.rate) },
    {
      key: "cost",
      title: "Cost",
      width: "66px",
      numeric: true,
      sortable: true,
      cell: (bid) => formatAmount(bid.expectedCost, 2),
    },
    {
      key: "reputation",
      title: "Reputation",
      width: "84px",
      numeric: true,
      sortable: true,
      cell: (bid) => formatAmount(bid.reputation, 2),
    },
    {
      key: "stake",
      title: "Stake",
      width: "66px",
      numeric: true,
      sortable: true,
      cell: (bid) => formatAmount(bid.stake, 2),
    },
    {
      key: "place",
      title: "Offers",
      width: "minmax(80px, 2fr)",
      cell: (bid) => {
        const text = [describeCapacity(bid.capacity), describePlace(model, bid.capacity)].filter(Boolean).join(" · ");
        return el("span", { title: text }, text);
      },
    },
  ];
  const last: Column<BidRow> = {
    key: "accept",
    title: accept === undefined ? "Can be taken" : "Accept",
    width: "minmax(80px, 1fr)",
    cell: (bid) => {
      if (bid.ineligible !== "") {
        return el("span", { class: "unfit", title: bid.ineligible }, bid.ineligible);
      }
      if (accept === undefined) {
        return el("span", { class: "fits" }, icon("check"), `for ${formatSpan(bid.validUntil - model.now)}`);
      }
      const label = `Accept the bid of ${shortAddress(bid.node)}`;
      const button = el(
        "button",
        { type: "button", class: "row-action", tabindex: "-1", "aria-label": label },
        "Accept",
      );
      button.addEventListener("click", (event) => {
        event.stopPropagation();
        accept(bid);
      });
      return button;
    },
  };
  return [...columns, last];
}
