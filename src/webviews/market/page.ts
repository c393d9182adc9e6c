import type { MarketViewMessage, MarketViewState } from "../../protocol/market-messages";
import { el, icon, setOnControl } from "../shared/dom";
import type { MarketModel } from "./market-model";

/** What a page needs of the panel around it. */
export interface Shell {
  readonly model: MarketModel;
  readonly state: MarketViewState;
  post(message: MarketViewMessage): void;
  /** Keeps a change of the state and draws again. */
  save(change: Partial<MarketViewState>): void;
  openJob(id: string | null): void;
}

/** One page of the panel. It is made once and updated when something changed that it may show. */
export interface Page {
  readonly element: HTMLElement;
  update(): void;
  /** Called each second while the page is in sight. */
  tick?(): void;
  dispose?(): void;
}

/** Says why there is nothing to show, and what to do first. */
export interface Empty {
  readonly icon: string;
  readonly title: string;
  readonly text: string;
  readonly busy?: boolean;
  readonly actions?: readonly { readonly label: string; run(): void }[];
}

export function emptyState(empty: Empty): HTMLElement {
  const symbol = empty.busy === true ? el("vscode-progress-ring", { "aria-label": "Waiting" }) : icon(empty.icon);
  const buttons = (empty.actions ?? []).map((action, at) => {
    const button = el("vscode-button", { appearance: at === 0 ? "primary" : "secondary" }, action.label);
    button.addEventListener("click", () => action.run());
    return button;
  });
  return el(
    "div",
    { class: "empty", role: "status" },
    symbol,
    el("h2", {}, empty.title),
    el("p", {}, empty.text),
    ...(buttons.length === 0 ? [] : [el("div", { class: "empty-actions" }, ...buttons)]),
  );
}

/** Replaces children only when `shape` differs from the last call, so that nothing loses the focus. */
export function renderWhenChanged(element: HTMLElement, shape: string, make: () => (Node | string)[]): void {
  if (element.dataset["shape"] !== shape) {
    element.dataset["shape"] = shape;
    element.replaceChildren(...make());
  }
}

/** A button that stays reachable when it cannot be used, and then says why. */
export class ReasonedButton {
  readonly element: HTMLElement;
  readonly #button: HTMLElement;
  readonly #why = el("span", { class: "why" });
  #reason = "";

  constructor(label: string, appearance: "primary" | "secondary", onClick: () => void) {
    this.#button = el("vscode-button", { appearance }, label);
    this.#button.addEventListener("click", () => {
      if (this.#reason === "") {
        onClick();
      }
    });
    this.element = el("div", { class: "reasoned" }, this.#button, this.#why);
  }

  /** @param reason why it cannot be used; empty when it can */
  setReason(reason: string): void {
    this.#reason = reason;
    this.#button.classList.toggle("unavailable", reason !== "");
    this.#button.title = reason;
    setOnControl(this.#button, "aria-disabled", String(reason !== ""));
    setOnControl(this.#button, "aria-description", reason);
    this.#why.textContent = reason;
    this.#why.hidden = reason === "";
  }
}

const WORK_ICONS = {
  preparing: "loading",
  signing: "key",
  sent: "loading",
  done: "pass",
  failed: "error",
  rejected: "circle-slash",
} as const;

/** Shows how something goes that the user started. */
export class WorkLine {
  readonly element = el("div", { class: "work", role: "status", hidden: true });
  readonly #model: MarketModel;

  constructor(model: MarketModel) {
    this.#model = model;
  }

  update(key: string): void {
    const work = this.#model.works.get(key);
    this.element.hidden = work === undefined;
    renderWhenChanged(this.element, JSON.stringify(work ?? null), () => {
      if (work === undefined) {
        return [];
      }
      const symbol = icon(WORK_ICONS[work.status]);
      symbol.classList.toggle("codicon-modifier-spin", work.status === "preparing" || work.status === "sent");
      this.element.className = `work ${work.status}`;
      return [symbol, el("span", {}, work.message)];
    });
  }

  /** Whether it is under way, so that it cannot be started again. */
  isBusy(key: string): boolean {
    const status = this.#model.works.get(key)?.status;
    return status === "preparing" || status === "signing" || status === "sent";
  }
}

/** A list of names and values. */
export function facts(rows: readonly (readonly [name: string, value: Node | string])[]): HTMLElement {
  return el("dl", { class: "facts" }, ...rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

/** A part of a page with a heading. */
export function section(title: string, ...children: (Node | string)[]): HTMLElement {
  return el(
    "section",
    { class: "section", "aria-label": title },
    el("h2", { class: "section-title" }, title),
    ...children,
  );
}

/**
 * Why nothing can be done without a wallet or on the wrong chain; `undefined` when all is well.
 * @param switchTo What a switch to the market's chain is good for, as a sentence.
 */
export function walletObstacle(shell: Shell, switchTo?: string): Empty | undefined {
  const { network, wallet } = shell.model;
  if (wallet.kind !== "connected") {
    return {
      icon: "account",
      title: wallet.kind === "connecting" ? "Waiting for your wallet" : "Connect a wallet",
      text:
        wallet.kind === "connecting"
          ? "Confirm the connection in your wallet."
          : "Your wallet signs what you do on the market. ZLayer never sees its key.",
      busy: wallet.kind === "connecting",
      actions: [{ label: "Connect Wallet", run: () => shell.post({ type: "connectWallet" }) }],
    };
  }
  if (network.kind === "ready" && wallet.chainId !== network.chainId) {
    return {
      icon: "warning",
      title: "Your wallet is on another chain",
      text: [`It uses chain ${wallet.chainId}; the market “${network.name}” is on chain ${network.chainId}.`, switchTo]
        .filter((sentence) => sentence !== undefined)
        .join(" "),
      actions: [{ label: "Switch Chain", run: () => shell.post({ type: "switchChain" }) }],
    };
  }
  return undefined;
}

/** Why nothing can be sent now; empty when it can. */
export function sendingObstacle(model: MarketModel): string {
  const { network, wallet } = model;
  if (network.kind !== "ready") {
    return network.kind === "down" ? "The chain does not answer." : "The market is not connected.";
  }
  if (wallet.kind !== "connected") {
    return "Connect a wallet first.";
  }
  return wallet.chainId === network.chainId
    ? ""
    : `Your wallet is on chain ${wallet.chainId}; switch it to ${network.chainId}.`;
}

/** Why a list cannot be shown, from the state of the network; `undefined` when it can. */
export function networkObstacle(shell: Shell): Empty | undefined {
  const { network, jobs } = shell.model;
  const settings = { label: "Open Settings", run: () => shell.post({ type: "openSettings" }) };
  const retry = { label: "Try Again", run: () => shell.post({ type: "retry" }) };
  if (network.kind === "none") {
    return {
      icon: "globe",
      title: "No market is set up",
      text: "Name a market in the setting zlayer.market.networks: the chain's address and the contracts'. For a first try, start the devnet with “npm run devnet”.",
      actions: [settings],
    };
  }
  if (network.kind === "wrong") {
    return {
      icon: "error",
      title: `“${network.name}” cannot be used`,
      text: network.reason,
      actions: [settings, retry],
    };
  }
  if (jobs.size > 0) {
    return undefined;
  }
  if (network.kind === "down") {
    return {
      icon: "debug-disconnect",
      title: "The chain does not answer",
      text: network.reason,
      actions: [retry, settings],
    };
  }
  if (network.kind === "connecting") {
    return {
      icon: "loading",
      busy: true,
      title: `Connecting to “${network.name}”`,
      text: "Asking for its newest block…",
    };
  }
  if (network.kind === "syncing") {
    const text = `Read block ${network.block.toLocaleString("en-US")} of ${network.head.toLocaleString("en-US")}.`;
    return { icon: "loading", busy: true, title: "Reading the market’s history", text };
  }
  return shell.model.listed
    ? undefined
    : { icon: "loading", busy: true, title: "Reading the list of jobs", text: "This takes a moment." };
}
