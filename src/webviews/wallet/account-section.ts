import type { WalletBalancesView, WalletSessionView, WalletViewMessage } from "../../protocol/webview-wallet";
import { dropdown, el, icon, iconButton } from "../shared/dom";
import { button, facts, notice, shortHex } from "./controls";

type Post = (message: WalletViewMessage) => void;

const middle = (text: string): string => `${text.slice(0, 8)}…${text.slice(-6)}`;

/** Wallet, account and network. */
export function accountView(session: WalletSessionView, post: Post): Node[] {
  const accounts = dropdown(
    "Account",
    session.accounts.map((account) => ({ value: account, label: middle(account) })),
    session.account,
    (account) => post({ type: "switchAccount", account }),
  );
  accounts.element.setAttribute("data-key", "account");
  const networks = dropdown(
    "Network",
    session.networks.map(({ chainId, name, allowed }) => ({
      value: String(chainId),
      label: allowed ? name : `${name} (not allowed in the wallet)`,
    })),
    String(session.chainId),
    (chainId) => post({ type: "switchNetwork", chainId: Number(chainId) }),
  );
  networks.element.setAttribute("data-key", "network");
  const isDevnet = session.via === "devnet";
  return [
    el(
      "h2",
      {},
      icon(isDevnet ? "beaker" : "account"),
      session.wallet,
      ...(isDevnet ? [el("span", { class: "badge" }, "Devnet only")] : []),
    ),
    facts([
      [
        "Account",
        el(
          "span",
          { class: "joined" },
          session.accounts.length > 1 ? accounts.element : shortHex(session.account),
          iconButton("copy", "Copy the account's address", () => post({ type: "copyAddress" })),
        ),
      ],
      [
        "Network",
        session.networks.length > 1 ? networks.element : (session.networks[0]?.name ?? `network ${session.chainId}`),
      ],
      ...(session.expiresAt === null
        ? []
        : [["Connected until", new Date(session.expiresAt).toLocaleDateString()] as const]),
    ]),
    ...(isDevnet
      ? [notice("info", "This account signs on this machine, without asking a wallet, and on the devnet only.")]
      : []),
    el(
      "div",
      { class: "buttons" },
      ...(session.opens
        ? [button("Open wallet", () => post({ type: "openWallet" }), { key: "open-wallet", icon: "link-external" })]
        : []),
      button("Disconnect", () => post({ type: "disconnect" }), { key: "disconnect", icon: "debug-disconnect" }),
    ),
  ];
}

/** What the account has, and what contracts may take of it. */
export function balancesView(balances: WalletBalancesView, busy: string, post: Post): Node[] {
  const heading = el(
    "h2",
    {},
    icon("credit-card"),
    "Balances",
    el("span", { class: "spacer" }),
    iconButton("refresh", "Read the balances again", () => post({ type: "refresh" })),
  );
  switch (balances.kind) {
    case "none":
      return [];
    case "loading":
      return [
        heading,
        el(
          "div",
          { class: "waiting", role: "status" },
          el("vscode-progress-ring", { "aria-label": "Waiting" }),
          el("p", {}, "Asking the network for the balances…"),
        ),
      ];
    case "failed":
      return [
        heading,
        notice("error", balances.message),
        el(
          "div",
          { class: "buttons" },
          button("Try again", () => post({ type: "refresh" }), { key: "again" }),
        ),
      ];
    case "ready":
      return [
        heading,
        el(
          "div",
          { class: "amounts" },
          el("div", { class: "amount" }, el("span", { class: "figure" }, balances.native), el("span", {}, "for fees")),
          el(
            "div",
            { class: "amount" },
            el("span", { class: "figure" }, balances.ott),
            el("span", {}, "for jobs and stakes"),
          ),
        ),
        ...(balances.hint === "" ? [] : [notice("warning", balances.hint)]),
        ...(balances.gives
          ? [
              el(
                "div",
                { class: "buttons" },
                button("Get devnet funds", () => post({ type: "fund" }), {
                  key: "fund",
                  icon: "beaker",
                  primary: balances.hint !== "",
                  disabled: busy !== "",
                }),
              ),
            ]
          : []),
        el("h3", {}, "Allowances"),
        balances.allowances.length === 0
          ? el("p", { class: "hint" }, "No contract may take any of your OTT.")
          : el(
              "ul",
              { class: "rows" },
              ...balances.allowances.map(({ spender, title, amount }) =>
                el(
                  "li",
                  {},
                  el(
                    "span",
                    { class: "grow" },
                    `${title.charAt(0).toUpperCase()}${title.slice(1)} may take `,
                    el("b", {}, amount),
                  ),
                  button("Revoke", () => post({ type: "revoke", spender }), {
                    key: `revoke-${spender}`,
                    disabled: busy !== "",
                  }),
                ),
              ),
            ),
      ];
  }
}
