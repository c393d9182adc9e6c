import type { ReceiptRow, TimeLineStep } from "../../protocol/market-rows";
import { formatOtt } from "../../protocol/money";
import { el, icon } from "../shared/dom";
import { formatMoment, formatSpan } from "./words";

const STATUS = {
  done: { icon: "pass", word: "Done" },
  now: { icon: "circle-filled", word: "Now" },
  next: { icon: "circle-outline", word: "To come" },
  failed: { icon: "error", word: "Failed" },
} as const;

/** The states of a job in their order. */
export function timeLine(steps: readonly TimeLineStep[]): HTMLElement {
  return el(
    "ol",
    { class: "time-line" },
    ...steps.map((step) => {
      const { icon: name, word } = STATUS[step.status];
      const when = step.at === null ? [] : [el("time", { class: "when" }, formatMoment(step.at))];
      const transaction =
        step.transaction === null
          ? []
          : [
              el(
                "span",
                { class: "transaction mono", title: `Transaction ${step.transaction}` },
                `${step.transaction.slice(0, 10)}…`,
              ),
            ];
      return el(
        "li",
        { class: step.status },
        icon(name),
        el(
          "div",
          {},
          el("span", { class: "visually-hidden" }, `${word}: `),
          el("b", {}, step.title),
          ...when,
          ...transaction,
          el("p", {}, step.detail),
        ),
      );
    }),
  );
}

/** What both sides agreed on, newest first. */
export function receiptTable(receipts: readonly ReceiptRow[]): HTMLElement {
  if (receipts.length === 0) {
    return el(
      "p",
      { class: "hint" },
      "No receipt yet. While the job runs, the node writes down what was used, and your side countersigns it; the last one settles the job.",
    );
  }
  const rows = [...receipts]
    .reverse()
    .map((receipt) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, String(receipt.sequence)),
        el("td", {}, formatSpan(receipt.usedSeconds)),
        el("td", {}, formatOtt(receipt.amount)),
        el("td", {}, receipt.at === null ? "–" : formatMoment(receipt.at)),
        el("td", {}, receipt.final ? "final" : ""),
      ),
    );
  const headings = ["Number", "Used", "Amount", "Signed", ""].map((heading) =>
    heading === "" ? el("td") : el("th", { scope: "col" }, heading),
  );
  return el("table", { class: "receipts" }, el("thead", {}, el("tr", {}, ...headings)), el("tbody", {}, ...rows));
}
