import type {
  MarketHostMessage,
  MarketPage,
  MarketSide,
  MarketViewMessage,
  MarketViewState,
} from "../../protocol/market-messages";
import { formatOtt } from "../../protocol/money";
import { el, icon, iconButton } from "../shared/dom";
import type { Host } from "../shared/host";
import { Segments } from "../shared/segments";
import { EarningsPage } from "./earnings-page";
import { JobsPage } from "./jobs-page";
import { MarketModel } from "./market-model";
import { NodePage } from "./node-page";
import { type Page, renderWhenChanged, type Shell } from "./page";
import { PolicyPage } from "./policy-page";
import { PostPage } from "./post-page";
import { TabList } from "./tab-list";
import { formatWhen, shortAddress } from "./words";

type Init = Extract<MarketHostMessage, { type: "init" }>;

const SIDES = [
  { value: "developer", label: "Developer", title: "Post jobs and pay for them" },
  { value: "operator", label: "Operator", title: "Offer a machine and earn" },
];

const TABS: Readonly<Record<MarketSide, readonly { readonly value: MarketPage; readonly label: string }[]>> = {
  developer: [
    { value: "jobs", label: "Jobs" },
    { value: "post", label: "Post Job" },
  ],
  operator: [
    { value: "node", label: "My Node" },
    { value: "offers", label: "Jobs" },
    { value: "policy", label: "Policy" },
    { value: "earnings", label: "Earnings" },
  ],
};

export const FRESH_STATE: MarketViewState = {
  side: "developer",
  page: "jobs",
  job: null,
  filter: "",
  scope: "mine",
  sort: "newest",
  descending: true,
  bidFilter: "",
  bidSort: "price",
  bidDescending: false,
  fields: {},
};

/** The market panel: what arrives goes into a model; the page in sight shows it, once a frame at most. */
export class MarketView implements Shell {
  readonly model: MarketModel;
  state: MarketViewState;
  readonly #host: Host<MarketViewMessage>;
  readonly #pages = new Map<string, Page>();
  readonly #body = el("div", { class: "body" });
  readonly #sides: Segments;
  readonly #tabs: TabList;
  readonly #networks: HTMLSelectElement;
  readonly #wallet = el("div", { class: "wallet" });
  readonly #banner = el("div", { class: "banner-holder" });
  readonly #connection = el("span", { class: "connection", role: "status" });
  readonly #total = el("span");
  readonly #timer: number;
  #frame = 0;

  constructor(root: HTMLElement, host: Host<MarketViewMessage>, init: Init, state: MarketViewState) {
    this.model = new MarketModel(init);
    this.state = state;
    this.#host = host;
    this.#sides = new Segments("Side of the market", SIDES, (value) =>
      this.#switchSide(value === "operator" ? "operator" : "developer"),
    );
    this.#tabs = new TabList("Pages", "market-page", (page) => this.save({ page: page as MarketPage, job: null }));
    this.#networks = this.#networkList(init);
    const refresh = iconButton("refresh", "Read the market again", () => this.post({ type: "retry" }));
    root.replaceChildren(
      el("h1", { class: "visually-hidden" }, "Market"),
      el(
        "div",
        { class: "toolbar", role: "group", "aria-label": "Market" },
        this.#sides.element,
        this.#networks,
        el("div", { class: "actions" }, this.#wallet, refresh),
      ),
      this.#tabs.element,
      this.#banner,
      this.#body,
      el("div", { class: "footer" }, this.#connection, this.#total),
    );
    this.#body.id = "market-page";
    this.#body.setAttribute("role", "tabpanel");
    this.#timer = window.setInterval(() => this.#tick(), 1_000);
    if (state.job !== null) {
      this.post({ type: "open", job: state.job });
    }
    this.#show();
  }

  dispose(): void {
    clearInterval(this.#timer);
    cancelAnimationFrame(this.#frame);
    for (const page of this.#pages.values()) {
      page.dispose?.();
    }
  }

  onMessage(message: Exclude<MarketHostMessage, { type: "init" }>): void {
    if (message.type === "show") {
      this.save({ side: message.side, page: message.page });
      this.openJob(message.job);
      return;
    }
    this.model.onMessage(message);
    this.#schedule();
  }

  post(message: MarketViewMessage): void {
    this.#host.post(message);
  }

  // The pages hand this on as a function.
  readonly save = (change: Partial<MarketViewState>): void => {
    this.state = { ...this.state, ...change };
    this.#host.saveState(this.state);
    this.#schedule();
  };

  openJob(id: string | null): void {
    if (id !== this.state.job) {
      this.model.forgetPage();
      this.post({ type: "open", job: id });
    }
    const page = this.state.side === "operator" ? "offers" : "jobs";
    this.save(id === null ? { job: null } : { job: id, page });
  }

  #switchSide(side: MarketSide): void {
    if (side !== this.state.side) {
      const page = side === "operator" ? "node" : "jobs";
      this.openJob(null);
      this.save({ side, page, scope: side === "operator" ? "open" : "mine" });
    }
  }

  #networkList(init: Init): HTMLSelectElement {
    const list = el("select", { class: "networks", "aria-label": "Market", title: "Which market" });
    list.append(...init.networks.map((name) => el("option", { value: name, selected: name === init.selected }, name)));
    list.hidden = init.networks.length === 0;
    list.addEventListener("change", () => this.post({ type: "selectNetwork", name: list.value }));
    return list;
  }

  #schedule(): void {
    if (this.#frame === 0) {
      this.#frame = requestAnimationFrame(() => {
        this.#frame = 0;
        this.#show();
      });
    }
  }

  #show(): void {
    const { side, page } = this.state;
    this.#sides.set(side);
    this.#tabs.setTabs(TABS[side], page);
    this.#body.setAttribute("aria-labelledby", this.#tabs.idOf(page));
    const key = `${side} ${page}`;
    let current = this.#pages.get(key);
    if (current === undefined) {
      current = this.#make(side, page);
      this.#pages.set(key, current);
    }
    if (this.#body.firstElementChild !== current.element) {
      this.#body.replaceChildren(current.element);
    }
    current.update();
    this.#showWallet();
    this.#showBanner();
    this.#showConnection();
  }

  #make(side: MarketSide, page: MarketPage): Page {
    switch (page) {
      case "post":
        return new PostPage(this);
      case "node":
        return new NodePage(this);
      case "policy":
        return new PolicyPage(this);
      case "earnings":
        return new EarningsPage(this);
      case "jobs":
      case "offers":
        return new JobsPage(this, side === "operator");
    }
  }

  #tick(): void {
    this.#pages.get(`${this.state.side} ${this.state.page}`)?.tick?.();
    this.#showConnection();
  }

  #showWallet(): void {
    const { wallet } = this.model;
    renderWhenChanged(this.#wallet, JSON.stringify(wallet), () => {
      if (wallet.kind === "connected") {
        const balance = wallet.ott === null ? "" : formatOtt(wallet.ott);
        return [
          icon("account"),
          el("span", { class: "mono", title: `${wallet.address} (${wallet.label})` }, shortAddress(wallet.address)),
          el("span", { class: "balance" }, balance),
        ];
      }
      const connect = el(
        "vscode-button",
        { appearance: "primary" },
        wallet.kind === "none" ? "Connect Wallet" : "Connecting…",
      );
      connect.addEventListener("click", () => this.post({ type: "connectWallet" }));
      return [connect];
    });
  }

  /** What is wrong while something can still be seen. */
  #showBanner(): void {
    const { network, wallet, jobs } = this.model;
    const text =
      network.kind === "down" && jobs.size > 0
        ? `The chain does not answer: ${network.reason} What you see is from ${network.since === null ? "before" : formatWhen(network.since, Date.now() / 1_000)}.`
        : network.kind === "ready" && wallet.kind === "connected" && wallet.chainId !== network.chainId
          ? `Your wallet is on chain ${wallet.chainId}, this market on chain ${network.chainId}. You can look, but not send.`
          : "";
    renderWhenChanged(this.#banner, text, () => {
      if (text === "") {
        return [];
      }
      const down = network.kind === "down";
      const button = el("vscode-button", { appearance: "secondary" }, down ? "Try Again" : "Switch Chain");
      button.addEventListener("click", () => this.post({ type: down ? "retry" : "switchChain" }));
      return [el("div", { class: "banner", role: "alert" }, icon("warning"), el("span", {}, text), button)];
    });
  }

  #showConnection(): void {
    const { network, jobs } = this.model;
    const [name, text] = connectionWords(network, this.model.now);
    if (this.#connection.dataset["shown"] !== text) {
      this.#connection.dataset["shown"] = text;
      this.#connection.className = `connection ${name === "debug-disconnect" ? "lost" : name === "pass" ? "live" : ""}`;
      const symbol = icon(name);
      symbol.classList.toggle("codicon-modifier-spin", name === "loading");
      this.#connection.replaceChildren(symbol, el("span", {}, text));
    }
    const total =
      jobs.size === 0 ? "" : `${jobs.size.toLocaleString("en-US")} ${jobs.size === 1 ? "job" : "jobs"} known`;
    if (this.#total.textContent !== total) {
      this.#total.textContent = total;
    }
  }
}

function connectionWords(network: MarketModel["network"], now: number): [icon: string, text: string] {
  switch (network.kind) {
    case "none":
      return ["circle-slash", "No market is set up"];
    case "connecting":
      return ["loading", `Connecting to ${network.name}…`];
    case "syncing":
      return [
        "loading",
        `Reading block ${network.block.toLocaleString("en-US")} of ${network.head.toLocaleString("en-US")}`,
      ];
    case "ready": {
      const age = now - network.time;
      const old = age > 120 ? `, ${formatWhen(network.time, now)}` : "";
      return ["pass", `${network.name}, block ${network.block.toLocaleString("en-US")}${old}`];
    }
    case "down":
      return ["debug-disconnect", `${network.name} does not answer. Trying again…`];
    case "wrong":
      return ["debug-disconnect", `${network.name} cannot be used`];
  }
}
