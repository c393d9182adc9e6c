import { join } from "node:path";
import { type Disposable, EventEmitter, type ExtensionContext, type LogOutputChannel, workspace } from "vscode";
import type { MarketClient, MarketNetwork } from "../bridge/market";
import type { MarketDesk } from "../bridge/market-desk/market-desk";
import type { HubChange, MarketHub } from "../bridge/market-desk/market-hub";
import type { ReceiptBook } from "../bridge/market-desk/receipt-book";
import type { AutoBidder } from "../bridge/operator/auto-bidder";
import type { OperatorKey } from "../bridge/operator/operator-key";
import type { SpecPublisher } from "../bridge/storage/spec-publisher";
import type { BidPolicyRow } from "../protocol/market-operator";
import { deskQuestions } from "./market-questions";
import { PolicyStore } from "./policy-store";
import type { WalletHost } from "./wallet-host";
import { walletPort } from "./wallet-port";

/** The market with what belongs to it. */
export interface LoadedMarket {
  readonly hub: MarketHub;
  readonly desk: MarketDesk;
  readonly key: OperatorKey;
  readonly policy: PolicyStore;
  readonly bidder: AutoBidder;
  readonly receipts: (client: MarketClient) => ReceiptBook;
  readonly publisher: () => SpecPublisher;
}

/** The market of this window. Its code is loaded when it is first needed, so that activation does not wait for it. */
export class MarketHost implements Disposable {
  readonly #context: ExtensionContext;
  readonly #log: LogOutputChannel;
  readonly #wallet: WalletHost;
  readonly #changes = new EventEmitter<HubChange>();
  readonly #disposables: Disposable[];
  #loading: Promise<LoadedMarket> | undefined;
  #closing: Promise<void> | undefined;

  /** Something that the market knows changed; not told before it was loaded. */
  readonly onDidChange = this.#changes.event;

  constructor(context: ExtensionContext, wallet: WalletHost, log: LogOutputChannel) {
    this.#context = context;
    this.#log = log;
    this.#wallet = wallet;
    this.#disposables = [
      this.#changes,
      workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("zlayer.market") && this.#loading !== undefined) {
          void this.refresh();
        }
      }),
    ];
  }

  load(): Promise<LoadedMarket> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  /** Reads the settings again, and whether a devnet was started. */
  async refresh(): Promise<void> {
    const { hub } = await this.load();
    await this.#wallet.refreshNetworks();
    await this.#useSettings(hub);
  }

  dispose(): void {
    void this.close();
  }

  /** Resolves once all that was read is on disk, so that the next window does not read it again. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      for (const disposable of this.#disposables) {
        disposable.dispose();
      }
      const loaded = await this.#loading?.catch(() => undefined);
      loaded?.bidder.dispose();
      loaded?.key.dispose();
      await loaded?.hub.dispose();
    })();
    return this.#closing;
  }

  async #load(): Promise<LoadedMarket> {
    const [
      { MarketHub },
      { MarketDesk },
      { ReceiptBook },
      { AutoBidder },
      { OperatorKey },
      { createMarketClient },
      publishers,
      wallet,
    ] = await Promise.all([
      import("../bridge/market-desk/market-hub"),
      import("../bridge/market-desk/market-desk"),
      import("../bridge/market-desk/receipt-book"),
      import("../bridge/operator/auto-bidder"),
      import("../bridge/operator/operator-key"),
      import("../bridge/market/create-market-client"),
      import("../bridge/storage/choose-publisher"),
      walletPort(this.#wallet),
    ]);
    const { secrets, globalState, globalStorageUri } = this.#context;
    const warn = (message: string): void => this.#log.warn(message);
    const publisher = (): SpecPublisher =>
      publishers.choosePublisher(
        workspace.getConfiguration("zlayer").get<string>("ipfs.api", ""),
        join(globalStorageUri.fsPath, "specs"),
      );
    const open = (network: MarketNetwork): MarketClient =>
      createMarketClient({
        network,
        directory: join(globalStorageUri.fsPath, "market"),
        log: warn,
        isPinned: (cid) => publisher().isPinned(cid),
      });
    const hub = new MarketHub({ wallet, open, onProblem: warn });
    const key = new OperatorKey({ hub, secrets, onProblem: warn });
    const receipts = (client: MarketClient): ReceiptBook =>
      new ReceiptBook(client.network, secrets, {
        get: (key) => globalState.get(key),
        update: (key, value) => globalState.update(key, value),
      });
    const policy = new PolicyStore(globalState);
    const desk = new MarketDesk({
      hub,
      key,
      receipts,
      publisher,
      questions: deskQuestions,
      savePolicy: ({ policy: row }: { readonly policy: BidPolicyRow }) => policy.save(row),
    });
    const bidder = new AutoBidder({
      hub,
      desk,
      key,
      policy: () => policy.policy,
      onPolicy: (listener) => policy.onChange(listener),
    });
    hub.onChange((change) => this.#changes.fire(change));
    desk.onWork(({ key, status, message }) => this.#log.info(`Market, ${key}: ${status}. ${message}`));
    await this.#useSettings(hub);
    return { hub, desk, key, policy, bidder, receipts, publisher };
  }

  async #useSettings(hub: MarketHub): Promise<void> {
    const { loadNetworks } = await import("../bridge/market/devnet-file");
    const settings = workspace.getConfiguration("zlayer.market");
    const { networks, problems } = await loadNetworks(settings.get("networks"));
    hub.use(networks, problems, settings.get<string>("network", ""));
  }
}
