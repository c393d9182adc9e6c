import type { WalletHostMessage, WalletViewMessage, WalletViewState } from "../../protocol/webview-wallet";
import { el } from "../shared/dom";
import type { Host } from "../shared/host";
import { accountView, balancesView } from "./account-section";
import { disconnectedView, pairingView, waitingView } from "./connect-section";
import { notice } from "./controls";
import { Region } from "./region";
import { transactionsView } from "./transactions-section";

type Model = WalletHostMessage;

/** The wallet panel: shows what the host says, and asks the host for everything else. */
export class WalletView {
  readonly #host: Host<WalletViewMessage>;
  readonly #connection: Region<Pick<Model, "connection">>;
  readonly #account: Region<Pick<Model, "connection">>;
  readonly #balances: Region<Pick<Model, "balances" | "busy">>;
  readonly #transactions: Region<Pick<Model, "transactions">>;
  readonly #busy = el("div", { class: "busy", role: "status" });
  readonly #countdown = el("p", { class: "countdown", role: "timer" });
  readonly #open: Set<string>;
  readonly #page: HTMLElement;
  #expiresAt = 0;
  #scroll: number;

  constructor(root: HTMLElement, host: Host<WalletViewMessage>, state: WalletViewState) {
    this.#host = host;
    this.#open = new Set(state.open);
    this.#scroll = state.scroll;
    const post = (message: WalletViewMessage): void => host.post(message);
    this.#connection = new Region(el("div", { class: "connection-part" }), ({ connection }) => {
      switch (connection.kind) {
        case "disconnected":
          return disconnectedView(connection, post);
        case "starting":
          return waitingView(connection.message, post);
        case "pairing":
          return pairingView(connection, this.#countdown, post);
        case "connected":
          return [];
        case "unreachable": {
          const since = new Date(connection.since).toLocaleTimeString();
          const text = `${connection.message} It is out of reach since ${since}.`;
          return connection.session === null
            ? waitingView(text, post)
            : [notice("warning", `${text} What the wallet must sign has to wait.`)];
        }
      }
    });
    this.#account = new Region(el("section", { class: "card" }), ({ connection }) => {
      const session = "session" in connection ? connection.session : null;
      return session === null ? [] : accountView(session, post);
    });
    this.#balances = new Region(el("section", { class: "card" }), ({ balances, busy }) =>
      balancesView(balances, busy, post),
    );
    this.#transactions = new Region(el("section", { class: "card wide" }), ({ transactions }) =>
      transactionsView(transactions, this.#open, (hash, open) => this.#toggle(hash, open), post),
    );
    this.#page = el(
      "div",
      { class: "page" },
      el("h1", {}, "Wallet"),
      this.#busy,
      this.#connection.element,
      el("div", { class: "cards" }, this.#account.element, this.#balances.element),
      this.#transactions.element,
    );
    root.replaceChildren(this.#page);
    this.#page.addEventListener("scroll", () => this.#save(), { passive: true });
    window.setInterval(() => this.#showCountdown(), 1_000);
  }

  onMessage(model: Model): void {
    const { connection, balances, transactions, busy } = model;
    if (connection.kind === "pairing") {
      this.#expiresAt = connection.expiresAt;
      this.#showCountdown();
    }
    const hasSession = "session" in connection && connection.session !== null;
    this.#connection.update({ connection });
    this.#account.update({ connection });
    this.#balances.update({ balances, busy });
    this.#transactions.update({ transactions });
    this.#account.element.hidden = !hasSession;
    this.#balances.element.hidden = !hasSession || balances.kind === "none";
    this.#transactions.element.hidden = !hasSession && transactions.length === 0;
    if (this.#busy.textContent !== busy) {
      this.#busy.replaceChildren(
        ...(busy === "" ? [] : [el("vscode-progress-ring", { "aria-label": "Waiting" }), busy]),
      );
    }
    if (this.#scroll > 0) {
      this.#page.scrollTop = this.#scroll;
      this.#scroll = 0;
    }
  }

  #showCountdown(): void {
    const left = Math.max(0, Math.ceil((this.#expiresAt - Date.now()) / 1_000));
    const minutes = Math.floor(left / 60);
    const text = `The code is valid for ${minutes}:${String(left % 60).padStart(2, "0")} more.`;
    if (this.#countdown.textContent !== text) {
      this.#countdown.textContent = text;
    }
  }

  #toggle(hash: string, open: boolean): void {
    if (open) {
      this.#open.add(hash);
    } else {
      this.#open.delete(hash);
    }
    this.#save();
  }

  #save(): void {
    this.#host.saveState({
      open: [...this.#open].slice(0, 500),
      scroll: this.#page.scrollTop,
    } satisfies WalletViewState);
  }
}
