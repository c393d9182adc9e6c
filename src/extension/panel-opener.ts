import type { Disposable, ExtensionContext, LogOutputChannel } from "vscode";
import type { MarketPage, MarketSide } from "../protocol/market-messages";
import type { EngineHost } from "./engine-host";
import { EngineLogSource } from "./engine-log-source";
import type { MarketHost } from "./market-host";
import type { TargetArgument } from "./target";
import type { WalletHost } from "./wallet-host";

interface TargetPanels extends Disposable {
  open(target: TargetArgument): void;
}

interface SinglePanel extends Disposable {
  open(): void;
}

interface MarketPanel extends Disposable {
  open(side?: MarketSide, page?: MarketPage, job?: string | null): Promise<void>;
}

/** Opens the webview panels. Their code is loaded once activation is over: it takes part in restoring panels after a reload. */
export class Panels implements Disposable {
  readonly #context: ExtensionContext;
  readonly #log: LogOutputChannel;
  readonly #host: EngineHost;
  readonly #source: EngineLogSource;
  readonly #walletHost: WalletHost;
  readonly #marketHost: MarketHost;
  #logs: Promise<TargetPanels> | undefined;
  #metrics: Promise<TargetPanels> | undefined;
  #wallet: Promise<SinglePanel> | undefined;
  #market: Promise<MarketPanel> | undefined;

  constructor(
    context: ExtensionContext,
    host: EngineHost,
    wallet: WalletHost,
    market: MarketHost,
    log: LogOutputChannel,
  ) {
    this.#context = context;
    this.#log = log;
    this.#host = host;
    this.#walletHost = wallet;
    this.#marketHost = market;
    this.#source = new EngineLogSource(host);
  }

  /** Loads the panels' code. */
  async load(): Promise<void> {
    await Promise.all([this.#logPanels(), this.#metricsPanels(), this.#walletPanels(), this.#marketPanels()]);
  }

  async openLogs(target: TargetArgument): Promise<void> {
    (await this.#logPanels()).open(withoutUri(target));
  }

  async openMetrics(target: TargetArgument): Promise<void> {
    (await this.#metricsPanels()).open(withoutUri(target));
  }

  async openWallet(): Promise<void> {
    (await this.#walletPanels()).open();
  }

  async openMarket(side?: MarketSide, page?: MarketPage, job: string | null = null): Promise<void> {
    await (await this.#marketPanels()).open(side, page, job);
  }

  dispose(): void {
    for (const panels of [this.#logs, this.#metrics, this.#wallet, this.#market]) {
      void panels?.then((loaded) => loaded.dispose());
    }
  }

  #logPanels(): Promise<TargetPanels> {
    this.#logs ??= import("./panels/logs-panel").then(
      ({ LogPanels }) => new LogPanels({ context: this.#context, source: this.#source, log: this.#log }),
    );
    return this.#logs;
  }

  #metricsPanels(): Promise<TargetPanels> {
    this.#metrics ??= Promise.all([import("./panels/metrics-panel"), import("../bridge/metrics/engine-metrics")]).then(
      ([{ MetricsPanels }, { EngineMetrics }]) => {
        const connect = async (signal: AbortSignal) => (await this.#host.connect(signal)).client;
        const source = () => new EngineMetrics(connect, this.#source);
        return new MetricsPanels({ context: this.#context, source, log: this.#log });
      },
    );
    return this.#metrics;
  }

  #walletPanels(): Promise<SinglePanel> {
    this.#wallet ??= import("./panels/wallet-panel").then(
      ({ WalletPanels }) => new WalletPanels({ context: this.#context, host: this.#walletHost, log: this.#log }),
    );
    return this.#wallet;
  }

  #marketPanels(): Promise<MarketPanel> {
    this.#market ??= import("./panels/market-panel").then(
      ({ MarketPanels }) => new MarketPanels({ context: this.#context, host: this.#marketHost, log: this.#log }),
    );
    return this.#market;
  }
}

/** The panels check what they are given, and know no other field. */
function withoutUri({ deployment, service, replica }: TargetArgument): TargetArgument {
  return { deployment, ...(service !== undefined && { service }), ...(replica !== undefined && { replica }) };
}
