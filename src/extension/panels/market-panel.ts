import {
  commands,
  type Disposable,
  type ExtensionContext,
  env,
  ViewColumn,
  type WebviewPanel,
  window,
  workspace,
} from "vscode";
import { MarketFeed } from "../../bridge/market-desk/market-feed";
import { offerOf, thisMachine } from "../../bridge/operator/detect";
import {
  type MarketHostMessage,
  type MarketPage,
  type MarketSide,
  type MarketViewMessage,
  marketViewMessage,
} from "../../protocol/market-messages";
import { MarketDraft } from "../market-draft";
import type { LoadedMarket, MarketHost } from "../market-host";
import { reportError } from "../report";
import { type PanelLog, WebviewHost, webviewResources } from "./webview-host";

export const MARKET_VIEW_TYPE = "zlayer.market";

export interface MarketPanelServices {
  readonly context: ExtensionContext;
  readonly host: MarketHost;
  readonly log: PanelLog;
}

/** The market panel: at most one, restored when the window is reloaded. */
export class MarketPanels implements Disposable {
  readonly #services: MarketPanelServices;
  readonly #serializer: Disposable;
  #panel: WebviewPanel | undefined;
  #feed: MarketFeed | undefined;
  #wanted: Extract<MarketHostMessage, { type: "show" }> | undefined;

  constructor(services: MarketPanelServices) {
    this.#services = services;
    this.#serializer = window.registerWebviewPanelSerializer(MARKET_VIEW_TYPE, {
      deserializeWebviewPanel: async (panel) => {
        if (this.#panel === undefined) {
          await this.#attach(panel);
        } else {
          panel.dispose();
        }
      },
    });
  }

  /** Shows the panel, on a page and with a job where they are named. */
  async open(side?: MarketSide, page?: MarketPage, job: string | null = null): Promise<void> {
    this.#wanted = side === undefined || page === undefined ? undefined : { type: "show", side, page, job };
    if (this.#panel === undefined) {
      await this.#attach(
        window.createWebviewPanel(MARKET_VIEW_TYPE, "ZLayer Market", ViewColumn.Active, {
          enableScripts: true,
          localResourceRoots: [webviewResources(this.#services.context)],
        }),
      );
    } else {
      this.#panel.reveal();
      if (this.#wanted !== undefined) {
        this.#feed?.show(this.#wanted);
      }
    }
  }

  dispose(): void {
    this.#serializer.dispose();
    this.#panel?.dispose();
  }

  async #attach(panel: WebviewPanel): Promise<void> {
    const { context, host, log } = this.#services;
    this.#panel = panel;
    let ready = false;
    let session: PanelSession | undefined;
    const view = new WebviewHost<typeof marketViewMessage, MarketHostMessage>(
      context,
      panel,
      "market",
      marketViewMessage,
      log,
      (message) => {
        if (message.type === "problem") {
          log.warn(`The market panel dropped a message: ${message.problem}`);
        } else if (session === undefined) {
          ready ||= message.type === "ready";
        } else {
          session.onMessage(message);
        }
      },
      () => {
        this.#panel = undefined;
        this.#feed = undefined;
        session?.dispose();
      },
    );
    try {
      const market = await host.load();
      if (this.#panel !== panel) {
        return;
      }
      session = new PanelSession(market, host, (message) => view.post(message));
      this.#feed = session.feed;
      if (this.#wanted !== undefined) {
        session.feed.show(this.#wanted);
      }
      if (ready) {
        session.onMessage({ type: "ready" });
      }
    } catch (error) {
      panel.dispose();
      reportError("The market was not opened", error);
    }
  }
}

/** What one open panel needs: its feed, the spec that may be posted, and what its messages do. */
class PanelSession implements Disposable {
  readonly feed: MarketFeed;
  readonly #market: LoadedMarket;
  readonly #host: MarketHost;
  readonly #draft: MarketDraft;
  readonly #unsubscribe: (() => void)[];

  constructor(market: LoadedMarket, host: MarketHost, post: (message: MarketHostMessage) => void) {
    this.#market = market;
    this.#host = host;
    const { hub, desk, key, policy, bidder, receipts } = market;
    this.feed = new MarketFeed(
      {
        hub,
        desk,
        key,
        receipts,
        policy: () => ({ policy: policy.row, status: bidder.status }),
        onPolicy: (listener) => bidder.onChange(listener),
      },
      post,
    );
    this.#draft = new MarketDraft(market, (draft) => this.feed.setDraft(draft));
    this.#unsubscribe = [hub.onChange(({ kind }) => kind === "network" && this.#draft.read())];
    void this.#draft.find();
    void this.#detect();
  }

  dispose(): void {
    this.feed.dispose();
    this.#draft.dispose();
    for (const unsubscribe of this.#unsubscribe) {
      unsubscribe();
    }
  }

  onMessage(message: Exclude<MarketViewMessage, { type: "problem" }>): void {
    this.#handle(message).catch((error: unknown) => reportError("It was not done", error));
  }

  async #handle(message: Exclude<MarketViewMessage, { type: "problem" }>): Promise<void> {
    const { hub, desk } = this.#market;
    switch (message.type) {
      case "ready":
        return this.feed.ready();
      case "open":
        return this.feed.open(message.job);
      case "connectWallet":
        await hub.wallet.connect();
        return;
      case "switchChain":
        if (hub.client !== undefined) {
          await hub.wallet.switchChain(hub.client.network.chainId);
        }
        return;
      case "selectNetwork":
        return selectNetwork(message.name);
      case "retry":
        await this.#host.refresh();
        hub.restart();
        return;
      case "openSettings":
        await commands.executeCommand("workbench.action.openSettings", "zlayer.market");
        return;
      case "chooseSpec":
        return this.#draft.choose();
      case "copy":
        await env.clipboard.writeText(message.text);
        window.setStatusBarMessage("Copied", 3_000);
        return;
      case "post": {
        const spec = this.#draft.spec;
        const id = spec === undefined ? undefined : await desk.post(message.form, spec.needs, spec.content);
        if (id !== undefined) {
          this.feed.show({ type: "show", side: "developer", page: "jobs", job: String(id) });
        }
        return;
      }
      case "job":
        await desk.job(BigInt(message.id), message.command);
        return this.feed.refreshJob();
      case "node":
        await desk.node(message.action);
        return;
    }
  }

  async #detect(): Promise<void> {
    const remote = workspace.getConfiguration("zlayer").get<string>("endpoint", "").startsWith("http");
    this.feed.setDetected(
      remote
        ? {
            kind: "unknown",
            reason: "The engine is on another machine, which does not say what it has; write the sizes yourself.",
          }
        : offerOf(await thisMachine()),
    );
  }
}

/** Writes the setting that names the market in use. */
export async function selectNetwork(name: string): Promise<void> {
  await workspace.getConfiguration("zlayer.market").update("network", name, true);
}
