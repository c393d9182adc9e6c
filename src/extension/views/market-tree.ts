import {
  commands,
  type Disposable,
  EventEmitter,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
  type TreeView,
  window,
} from "vscode";
import { whyBidIneligible } from "../../bridge/market/eligibility";
import type { JobState } from "../../bridge/market/types";
import { ott, perHour, short } from "../../bridge/market/words";
import type { HubChange } from "../../bridge/market-desk/market-hub";
import type { LoadedMarket, MarketHost } from "../market-host";
import type { WalletHost } from "../wallet-host";

/** A row; commands take `job` and `node` from it. */
export interface MarketNodeRow {
  readonly kind: "job" | "bid" | "node" | "served";
  readonly job?: string;
  readonly node?: string;
  readonly side: "developer" | "operator";
}

const ICONS: Readonly<Record<JobState, string>> = {
  open: "megaphone",
  assigned: "person",
  running: "play-circle",
  claimed: "law",
  disputed: "warning",
  settled: "pass",
  cancelled: "circle-slash",
};

/** More jobs than this are in the panel only. */
const SHOWN = 100;

/** My jobs with their bids, and my node with the jobs that it serves. */
export class MarketTree implements TreeDataProvider<MarketNodeRow>, Disposable {
  readonly #host: MarketHost;
  readonly #changed = new EventEmitter<MarketNodeRow | undefined>();
  readonly #view: TreeView<MarketNodeRow>;
  readonly #disposables: Disposable[] = [this.#changed];
  readonly #rows = new Map<string, MarketNodeRow>();
  #market: LoadedMarket | undefined;
  #wanted = false;
  #state = "";

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(host: MarketHost, wallet: WalletHost) {
    this.#host = host;
    this.#view = window.createTreeView("zlayer.market", { treeDataProvider: this });
    this.#disposables.push(
      this.#view,
      host.onDidChange((change) => this.#onChange(change)),
      this.#view.onDidChangeVisibility(({ visible }) => visible && void this.#load()),
      wallet.onDidChange(() => this.#market !== undefined && this.#changed.fire(undefined)),
    );
    this.#tellState("unknown");
  }

  getTreeItem(row: MarketNodeRow): TreeItem {
    return itemOf(row, this.#market) ?? new TreeItem("");
  }

  async getChildren(row?: MarketNodeRow): Promise<MarketNodeRow[]> {
    if (row === undefined && this.#market === undefined) {
      void this.#load();
      return [];
    }
    const hub = this.#market?.hub;
    const { client, account } = hub ?? {};
    if (hub === undefined || client === undefined || account === undefined) {
      return [];
    }
    if (row?.kind === "job") {
      return client.store
        .bids(BigInt(row.job ?? "0"))
        .map(({ node }) =>
          this.#row({ kind: "bid", side: "developer", node, ...(row.job !== undefined && { job: row.job }) }),
        );
    }
    if (row?.kind === "node") {
      const served = client.store.jobs({ filter: { node: account }, limit: SHOWN }).rows;
      return served.map(({ id }) => this.#row({ kind: "served", side: "operator", job: String(id) }));
    }
    if (row !== undefined) {
      return [];
    }
    const jobs = client.store.jobs({ filter: { developer: account }, limit: SHOWN }).rows;
    const own = jobs.map(({ id }) => this.#row({ kind: "job", side: "developer", job: String(id) }));
    return hub.node === undefined ? own : [this.#row({ kind: "node", side: "operator" }), ...own];
  }

  dispose(): void {
    for (const disposable of this.#disposables) {
      disposable.dispose();
    }
  }

  /** VS Code knows a row by the identity of its object, so each is made once. */
  #row(row: MarketNodeRow): MarketNodeRow {
    const id = idOf(row);
    const known = this.#rows.get(id) ?? row;
    this.#rows.set(id, known);
    return known;
  }

  async #load(): Promise<void> {
    if (!this.#wanted) {
      this.#wanted = true;
      this.#market = await this.#host.load();
      this.#update();
      this.#changed.fire(undefined);
    }
  }

  #onChange(change: HubChange): void {
    if (this.#market === undefined) {
      void this.#load();
      return;
    }
    this.#update();
    if (change.kind !== "store" || change.change.undone) {
      if (change.kind !== "balances" && change.kind !== "status") {
        this.#changed.fire(undefined);
      }
      return;
    }
    const { account, node, client } = this.#market.hub;
    const touched = [...change.change.jobs].map((id) => this.#rows.get(`job ${id}`));
    const isNew = [...change.change.jobs].some(
      (id) => client?.store.job(id)?.developer === account && !this.#rows.has(`job ${id}`),
    );
    if (isNew || (node !== undefined && account !== undefined && change.change.nodes.has(account))) {
      this.#changed.fire(undefined);
    } else {
      for (const row of touched) {
        if (row !== undefined) {
          this.#changed.fire(row);
        }
      }
    }
  }

  /** What the welcome view says first. */
  #update(): void {
    const hub = this.#market?.hub;
    const { client, account } = hub ?? {};
    this.#tellState(client === undefined ? "no-network" : account === undefined ? "no-wallet" : "ready");
  }

  #tellState(state: string): void {
    if (state !== this.#state) {
      this.#state = state;
      void commands.executeCommand("setContext", "zlayer.marketState", state);
    }
  }
}

function idOf({ kind, job, node }: MarketNodeRow): string {
  return [kind, job, node].filter((part) => part !== undefined).join(" ");
}

function itemOf(row: MarketNodeRow, market: LoadedMarket | undefined): TreeItem | undefined {
  const hub = market?.hub;
  const client = hub?.client;
  if (hub === undefined || client === undefined) {
    return undefined;
  }
  const make = (
    label: string,
    icon: string,
    context: string,
    description: string,
    open: TreeItemCollapsibleState,
  ): TreeItem => {
    const item = new TreeItem(label, open);
    item.id = `${client.network.name} ${idOf(row)}`;
    item.iconPath = new ThemeIcon(icon);
    item.contextValue = context;
    item.description = description;
    item.tooltip = `${label}: ${description}`;
    item.accessibilityInformation = { label: `${label}, ${description}` };
    item.command = { command: "zlayer.market.show", title: "Show", arguments: [row] };
    return item;
  };
  const { Collapsed, None } = TreeItemCollapsibleState;
  if (row.kind === "node") {
    const { node } = hub;
    if (node === undefined) {
      return undefined;
    }
    const item = make(
      "My node",
      node.status === "paused" ? "debug-pause" : "server",
      `node-${node.status}`,
      `${node.status}, stake ${ott(node.stake)}`,
      Collapsed,
    );
    item.command = { command: "zlayer.operator.show", title: "Show" };
    return item;
  }
  const job = client.store.job(BigInt(row.job ?? "0"));
  if (job === undefined) {
    return undefined;
  }
  if (row.kind === "bid") {
    const bid = client.store.bids(job.id).find(({ node }) => node === row.node);
    const parameters = hub.parameters;
    if (bid === undefined || parameters === undefined) {
      return undefined;
    }
    const why = whyBidIneligible(job, bid, client.store.node(bid.node), parameters, hub.now);
    return make(
      perHour(bid.rate),
      why === undefined ? "tag" : "circle-slash",
      why === undefined ? "bid" : "bid-ineligible",
      why?.reason ?? short(bid.node),
      None,
    );
  }
  const bids = job.state === "open" ? client.store.bids(job.id).length : 0;
  const count = bids === 0 ? "" : `, ${bids} ${bids === 1 ? "bid" : "bids"}`;
  const prefix = row.kind === "job" ? "job" : "served";
  return make(
    `Job #${job.id}`,
    ICONS[job.state],
    `${prefix}-${job.state}`,
    `${job.state}${count}`,
    bids > 0 && row.kind === "job" ? Collapsed : None,
  );
}
