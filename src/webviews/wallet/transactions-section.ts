import type { WalletTransactionView, WalletViewMessage } from "../../protocol/webview-wallet";
import { el, icon, iconButton } from "../shared/dom";
import { facts, shortHex } from "./controls";

type Post = (message: WalletViewMessage) => void;

const STATES: Readonly<Record<WalletTransactionView["state"], { readonly icon: string; readonly label: string }>> = {
  pending: { icon: "loading", label: "Pending" },
  confirmed: { icon: "pass", label: "Confirmed" },
  failed: { icon: "error", label: "Failed" },
  replaced: { icon: "arrow-swap", label: "Replaced" },
  dropped: { icon: "circle-slash", label: "Dropped" },
};

/**
 * What was sent, newest first.
 *
 * @param open hashes of those whose fields are shown
 */
export function transactionsView(
  transactions: readonly WalletTransactionView[],
  open: ReadonlySet<string>,
  onToggle: (hash: string, open: boolean) => void,
  post: Post,
): Node[] {
  const settled = transactions.some(({ state }) => state !== "pending");
  return [
    el(
      "h2",
      {},
      icon("history"),
      "Transactions",
      el("span", { class: "spacer" }),
      ...(settled
        ? [iconButton("clear-all", "Remove what is settled from the list", () => post({ type: "clearTransactions" }))]
        : []),
    ),
    transactions.length === 0
      ? el(
          "p",
          { class: "hint" },
          "Nothing was sent yet. What you pay for, stake or revoke appears here with what became of it.",
        )
      : el(
          "ul",
          { class: "transactions" },
          ...transactions.map((transaction) => row(transaction, open.has(transaction.hash), onToggle, post)),
        ),
  ];
}

function row(
  transaction: WalletTransactionView,
  isOpen: boolean,
  onToggle: (hash: string, open: boolean) => void,
  post: Post,
): HTMLElement {
  const { hash, title, network, sentAt, state, note, cost, fields } = transaction;
  const symbol = icon(STATES[state].icon);
  symbol.classList.toggle("codicon-modifier-spin", state === "pending");
  const summary = el(
    "summary",
    { "data-key": hash },
    symbol,
    el("span", { class: "title" }, title),
    el("span", { class: "state" }, STATES[state].label),
    el("time", { datetime: new Date(sentAt).toISOString() }, new Date(sentAt).toLocaleString()),
    el("span", { class: "note" }, note),
  );
  const details = el(
    "details",
    { open: isOpen },
    summary,
    facts([
      ...fields.map(({ label, value }) => [label, value] as const),
      ["Network", network],
      ...(cost === "" ? [] : [["Cost", cost] as const]),
      [
        "Transaction",
        el(
          "span",
          { class: "joined" },
          shortHex(hash),
          iconButton("copy", `Copy the id of “${title}”`, () => post({ type: "copyHash", hash })),
        ),
      ],
    ]),
  );
  details.addEventListener("toggle", () => onToggle(hash, details.open));
  return el("li", { class: state }, details);
}
