import type { Earning } from "../../protocol/market-operator";
import { formatOtt } from "../../protocol/money";
import { el, icon } from "../shared/dom";
import { VirtualGrid } from "../shared/virtual-grid";
import { emptyState, type Page, renderWhenChanged, type Shell, walletObstacle } from "./page";
import { formatMoment } from "./words";

interface NumberedEarning {
  readonly id: string;
  readonly earning: Earning;
}

const KINDS = {
  payout: { icon: "arrow-down", word: "Paid" },
  slash: { icon: "flame", word: "Stake lost" },
  fault: { icon: "warning", word: "Reputation lost" },
} as const;

/** What the own node won and lost, newest first. */
export class EarningsPage implements Page {
  readonly element = el("div", { class: "list-page" });
  readonly #shell: Shell;
  readonly #blank = el("div", { class: "blank" });
  readonly #sums = el("div", { class: "sums" });
  readonly #grid: VirtualGrid<NumberedEarning>;
  readonly #body: HTMLElement;
  #shape = "";

  constructor(shell: Shell) {
    this.#shell = shell;
    this.#grid = new VirtualGrid<NumberedEarning>({
      label: "Earnings and losses",
      idOf: ({ id }) => id,
      onActivate: ({ earning }) => earning.jobId !== null && shell.openJob(earning.jobId),
      columns: [
        {
          key: "kind",
          title: "What",
          width: "140px",
          cell: ({ earning: { kind } }) =>
            el("span", { class: `earning ${kind}` }, icon(KINDS[kind].icon), KINDS[kind].word),
        },
        {
          key: "job",
          title: "Job",
          width: "72px",
          cell: ({ earning: { jobId } }) => (jobId === null ? "–" : `#${jobId}`),
        },
        {
          key: "amount",
          title: "Amount",
          width: "130px",
          numeric: true,
          cell: ({ earning: { kind, amount } }) =>
            amount === "0" && kind !== "payout" ? "–" : `${kind === "payout" ? "+" : "−"}${formatOtt(amount)}`,
        },
        {
          key: "at",
          title: "When",
          width: "150px",
          cell: ({ earning: { at } }) => (at === null ? "–" : formatMoment(at)),
        },
        {
          key: "detail",
          title: "Why",
          width: "minmax(140px, 1fr)",
          cell: ({ earning: { detail } }) => el("span", { title: detail }, detail),
        },
      ],
    });
    this.#body = el("div", { class: "list-body" }, this.#grid.element);
    this.element.append(this.#blank, this.#sums, this.#body);
  }

  update(): void {
    const { model } = this.#shell;
    const { earnings } = model;
    const nothing =
      earnings === undefined
        ? { icon: "loading", busy: true, title: "Adding up", text: "Reading what your node was paid." }
        : earnings.rows.length === 0 && earnings.slashed === "0"
          ? {
              icon: "graph",
              title: "Nothing earned yet",
              text: "When a job of your node is settled, what it was paid appears here; so does stake that it lost.",
            }
          : undefined;
    const empty = walletObstacle(this.#shell) ?? nothing;
    this.#blank.hidden = empty === undefined;
    this.#sums.hidden = empty !== undefined;
    this.#body.hidden = empty !== undefined;
    renderWhenChanged(this.#blank, JSON.stringify(empty ?? null), () =>
      empty === undefined ? [] : [emptyState(empty)],
    );
    if (earnings === undefined || empty !== undefined) {
      return;
    }
    const shape = JSON.stringify([earnings.total, earnings.slashed, earnings.rows.length]);
    if (shape !== this.#shape) {
      this.#shape = shape;
      this.#grid.setRows(earnings.rows.map((earning, at) => ({ id: String(at), earning })));
      this.#sums.replaceChildren(
        el("div", {}, el("b", {}, formatOtt(earnings.total)), el("span", {}, "earned")),
        el("div", {}, el("b", {}, formatOtt(earnings.slashed)), el("span", {}, "stake lost")),
      );
    }
  }

  dispose(): void {
    this.#grid.dispose();
  }
}
