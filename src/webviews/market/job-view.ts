import { BID_SORTS } from "../../protocol/market-messages";
import type { BidRow, JobPage, JobRow } from "../../protocol/market-rows";
import { formatOtt, formatRatePerHour } from "../../protocol/money";
import { el, icon, iconButton, setOnControl } from "../shared/dom";
import { VirtualGrid } from "../shared/virtual-grid";
import { JobActions } from "./job-actions";
import { bidColumns } from "./job-columns";
import { filterBids } from "./job-filter";
import { emptyState, facts, renderWhenChanged, type Shell, section, WorkLine } from "./page";
import { receiptTable, timeLine } from "./time-line";
import { describeCapacity, describePlace, formatBps, formatMoment, formatSpan, formatWhen, STATE_WORDS } from "./words";

/** The open job: what it waits for, what can be done, its bids, its cost and its history. */
export class JobView {
  readonly element = el("div", { class: "job-pane", hidden: true });
  readonly #shell: Shell;
  readonly #operator: boolean;
  readonly #head = el("div", { class: "job-head" });
  readonly #waits = el("p", { class: "waits" });
  readonly #cost = el("div", { class: "cost-holder" });
  readonly #history = el("div");
  readonly #body: HTMLElement;
  readonly #blank = el("div", { class: "blank" });
  readonly #actions: JobActions;
  readonly #bidSection: HTMLElement;
  readonly #bidBody = el("div", { class: "bid-body" });
  readonly #noBids = el("div", { class: "no-bids" });
  readonly #bidSearch: HTMLInputElement;
  readonly #acceptWork: WorkLine;
  #grid: VirtualGrid<BidRow>;
  #mayAccept = false;
  #shown: string | undefined;
  #bidShape = "";

  constructor(shell: Shell, operator: boolean) {
    this.#shell = shell;
    this.#operator = operator;
    this.#actions = new JobActions(shell, operator);
    this.#acceptWork = new WorkLine(shell.model);
    this.#grid = this.#makeGrid();
    this.#bidSearch = el("vscode-text-field", {
      placeholder: "Filter bids",
      class: "search bids",
      value: shell.state.bidFilter,
    }) as HTMLInputElement;
    setOnControl(this.#bidSearch, "aria-label", "Filter bids");
    this.#bidSearch.addEventListener("input", () => shell.save({ bidFilter: this.#bidSearch.value }));
    this.#bidSection = section("Bids", this.#bidSearch, this.#acceptWork.element, this.#bidBody, this.#noBids);
    this.#body = el(
      "div",
      { class: "job-body" },
      this.#waits,
      this.#actions.element,
      this.#bidSection,
      this.#cost,
      this.#history,
    );
    this.element.append(this.#head, this.#blank, this.#body);
  }

  update(): void {
    const { model, state } = this.#shell;
    const id = state.job;
    this.element.hidden = id === null;
    if (id === null) {
      return;
    }
    if (id !== this.#shown) {
      this.#shown = id;
      this.#bidShape = "";
      this.#actions.reset();
      this.#body.scrollTop = 0;
    }
    const row = model.jobs.get(id);
    const page = model.page?.id === id ? model.page.page : undefined;
    this.#showHead(id, row);
    const known = row !== undefined && page !== undefined && page !== null;
    this.#body.hidden = !known;
    this.#blank.hidden = known;
    if (!known) {
      const gone = page === null || (row === undefined && model.listed);
      renderWhenChanged(this.#blank, String(gone), () => [
        emptyState(
          gone
            ? {
                icon: "question",
                title: `There is no job #${id}`,
                text: "The chain does not know it, or took it back.",
              }
            : { icon: "loading", busy: true, title: `Reading job #${id}`, text: "Asking for its history…" },
        ),
      ]);
      return;
    }
    this.#showWaits(page);
    this.#actions.update(row, page);
    this.#showBids(row, page);
    this.#showMoney(row, page);
    renderWhenChanged(this.#history, JSON.stringify([page.steps, page.receipts]), () => [
      section("Time line", timeLine(page.steps)),
      ...(row.rate === null ? [] : [section("Receipts", receiptTable(page.receipts))]),
    ]);
  }

  tick(): void {
    const { model, state } = this.#shell;
    const row = state.job === null ? undefined : model.jobs.get(state.job);
    const page = model.page?.id === state.job ? model.page?.page : undefined;
    if (row !== undefined && page !== undefined && page !== null) {
      this.#showWaits(page);
      this.#showMoney(row, page);
    }
  }

  dispose(): void {
    this.#grid.dispose();
  }

  #showHead(id: string, row: JobRow | undefined): void {
    renderWhenChanged(this.#head, JSON.stringify([id, row?.state, row?.mine, row?.serving]), () => {
      const back = iconButton("arrow-left", "Back to the list", () => this.#shell.openJob(null));
      back.classList.add("back");
      const close = iconButton("close", "Close the job", () => this.#shell.openJob(null));
      close.classList.add("close");
      const badges: HTMLElement[] = [];
      if (row !== undefined) {
        const { word, icon: name } = STATE_WORDS[row.state];
        badges.push(el("span", { class: `state ${row.state}` }, icon(name), word));
        if (row.mine || row.serving) {
          badges.push(el("span", { class: "badge" }, row.mine ? "yours" : "your node"));
        }
      }
      return [back, el("h2", {}, `Job #${id}`), ...badges, close];
    });
  }

  #showWaits(page: JobPage): void {
    const left = page.deadline === null ? "" : ` ${deadlineText(page.deadline, this.#shell.model.now)}`;
    const text = `${page.waits}${left}`;
    this.#waits.hidden = text === "";
    if (this.#waits.textContent !== text) {
      this.#waits.textContent = text;
    }
  }

  #showBids(row: JobRow, page: JobPage): void {
    const { model, state } = this.#shell;
    this.#bidSection.hidden = row.state !== "open";
    if (row.state !== "open") {
      return;
    }
    const mayAccept =
      !this.#operator && page.actions.some(({ action, reason }) => action === "accept" && reason === "");
    if (mayAccept !== this.#mayAccept) {
      this.#mayAccept = mayAccept;
      this.#grid.dispose();
      this.#grid = this.#makeGrid();
      this.#bidShape = "";
    }
    if (this.#grid.element.parentElement !== this.#bidBody) {
      this.#bidBody.replaceChildren(this.#grid.element);
    }
    this.#grid.setSort(state.bidSort, state.bidDescending);
    const shape = JSON.stringify([model.bidsVersion, state.bidFilter, state.bidSort, state.bidDescending]);
    if (shape !== this.#bidShape) {
      this.#bidShape = shape;
      const query = { filter: state.bidFilter, sort: state.bidSort, descending: state.bidDescending };
      const bids = filterBids(model.bids.values(), query);
      this.#grid.setRows(bids);
      this.#bidBody.hidden = bids.length === 0;
      this.#noBids.textContent =
        bids.length > 0 ? "" : model.bids.size > 0 ? `No bid matches “${state.bidFilter}”.` : this.#noBidsText(row);
      // A list that is longer than this scrolls in itself.
      this.#bidBody.style.setProperty("--rows", String(Math.min(bids.length, 8)));
    }
    this.#bidSearch.hidden = model.bids.size < 2;
    this.#noBids.hidden = this.#noBids.textContent === "";
    this.#acceptWork.update(`accept ${row.id}`);
    // The job is open again after a bid was accepted: that is no longer news.
    this.#acceptWork.element.hidden ||= model.works.get(`accept ${row.id}`)?.status === "done";
  }

  #noBidsText(row: JobRow): string {
    return row.bidDeadline < this.#shell.model.now
      ? "No node bid before the deadline. Cancel the job to get your money back, and post it with a higher price or a longer time for bids."
      : "No bids yet. They appear here by themselves.";
  }

  #showMoney(row: JobRow, page: JobPage): void {
    const { model } = this.#shell;
    const rows: [string, Node | string][] = [
      ["Needs", [describeCapacity(row.need), describePlace(model, row.need)].filter(Boolean).join(" · ")],
      ["Matching", row.matching === "developer" ? "The developer picks a bid" : "The lowest bid wins at the deadline"],
      [row.rate === null ? "Highest price" : "Agreed price", formatRatePerHour(row.rate ?? row.maxRate)],
      ["Paid in", formatOtt(row.escrow)],
      ["Longest time", formatSpan(row.maxDuration)],
    ];
    if (row.availabilityBps > 0) {
      rows.push(["Availability", `${formatBps(row.availabilityBps)}; less reduces the pay`]);
    }
    if (row.covered) {
      rows.push(["Cover", "Stake and reputation of the node cover all that is paid in"]);
    }
    const cost = costSoFar(row, page, model.now);
    if (cost !== undefined) {
      rows.push([page.stoppedAt === null && row.state === "running" ? "Cost so far" : "Cost at most", formatOtt(cost)]);
    }
    if (page.endsAt !== null && row.state === "running") {
      rows.push(["Money lasts until", `${formatMoment(page.endsAt)} (${formatWhen(page.endsAt, model.now)})`]);
    }
    if (page.claim !== null) {
      rows.push(["Claimed by the node", formatOtt(page.claim.amount)]);
      if (page.claim.bond !== "0") {
        rows.push(["Bond of the dispute", formatOtt(page.claim.bond)]);
      }
    }
    if (page.paid !== null && page.refunded !== null) {
      rows.push(["Paid to the node", formatOtt(page.paid)]);
      rows.push(["Came back", formatOtt(page.refunded)]);
      rows.push(["Burned as fee", formatOtt(page.fee ?? "0")]);
    } else if (page.refunded !== null) {
      rows.push(["Came back", formatOtt(page.refunded)]);
    }
    if (page.specCid !== "") {
      const copy = iconButton("copy", "Copy the address of the spec", () =>
        this.#shell.post({ type: "copy", text: page.specCid }),
      );
      rows.push([
        "Spec",
        el("span", { class: "cid" }, el("span", { class: "mono", title: page.specCid }, page.specCid), copy),
      ]);
    }
    const shape = JSON.stringify(rows.map(([name, value]) => [name, typeof value === "string" ? value : page.specCid]));
    renderWhenChanged(this.#cost, shape, () => [section("Money and terms", facts(rows))]);
  }

  #makeGrid(): VirtualGrid<BidRow> {
    const accept = (bid: BidRow): void => this.#accept(bid);
    return new VirtualGrid({
      label: "Bids",
      columns: bidColumns(this.#shell.model, this.#mayAccept ? accept : undefined),
      idOf: (bid) => bid.node,
      onActivate: (bid) => {
        if (this.#mayAccept && bid.ineligible === "") {
          this.#accept(bid);
        }
      },
      onSort: (key) => {
        const sort = BID_SORTS.find((candidate) => candidate === key);
        const { state } = this.#shell;
        if (sort !== undefined) {
          const descending = state.bidSort === sort ? !state.bidDescending : sort === "reputation" || sort === "stake";
          this.#shell.save({ bidSort: sort, bidDescending: descending });
        }
      },
    });
  }

  #accept(bid: BidRow): void {
    const { state } = this.#shell;
    if (state.job !== null && !this.#acceptWork.isBusy(`accept ${state.job}`)) {
      this.#shell.post({ type: "job", id: state.job, command: { kind: "accept", node: bid.node, rate: bid.rate } });
    }
  }
}

function deadlineText(deadline: number, now: number): string {
  return deadline >= now ? `${formatSpan(deadline - now)} left.` : "The time is over.";
}

/** What the seconds in service cost at most, wei; `undefined` before the start and after the end. */
export function costSoFar(row: JobRow, page: JobPage, now: number): bigint | undefined {
  if (row.rate === null || page.startedAt === null || page.endsAt === null || page.paid !== null) {
    return undefined;
  }
  const until = Math.min(page.stoppedAt ?? now, page.endsAt);
  const cost = BigInt(row.rate) * BigInt(Math.max(0, Math.floor(until - page.startedAt)));
  const escrow = BigInt(row.escrow);
  return cost < escrow ? cost : escrow;
}
