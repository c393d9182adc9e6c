import type { Disposable, ExtensionContext, LogOutputChannel } from "vscode";
import { EngineMetrics } from "../bridge/metrics/engine-metrics";
import type { LogTarget } from "../protocol/webview-logs";
import type { EngineHost } from "./engine-host";
import { EngineLogSource } from "./engine-log-source";
import type { TargetArgument } from "./target";

/** Opens the webview panels. Their code is loaded once activation is over: it takes part in restoring panels after a reload. */
export class Panels implements Disposable {
  readonly #context: ExtensionContext;
  readonly #host: EngineHost;
  readonly #log: LogOutputChannel;
  readonly #disposables: Disposable[] = [];
  #logs: Promise<PanelSet> | undefined;
  #metrics: Promise<PanelSet> | undefined;

  constructor(context: ExtensionContext, host: EngineHost, log: LogOutputChannel) {
    this.#context = context;
    this.#host = host;
    this.#log = log;
  }

  /** Loads the panels' code. */
  async load(): Promise<void> {
    await Promise.all([this.#logPanels(), this.#metricsPanels()]);
  }

  async openLogs(target: TargetArgument): Promise<void> {
    (await this.#logPanels()).open(toPanelTarget(target));
  }

  async openMetrics(target: TargetArgument): Promise<void> {
    (await this.#metricsPanels()).open(toPanelTarget(target));
  }

  dispose(): void {
    for (const disposable of this.#disposables) {
      disposable.dispose();
    }
  }

  #logPanels(): Promise<PanelSet> {
    this.#logs ??= import("./panels/logs-panel").then(({ LogPanels }) => {
      const panels = new LogPanels({ context: this.#context, source: new EngineLogSource(this.#host), log: this.#log });
      this.#disposables.push(panels);
      return panels;
    });
    return this.#logs;
  }

  #metricsPanels(): Promise<PanelSet> {
    this.#metrics ??= import("./panels/metrics-panel").then(({ MetricsPanels }) => {
      const connect = async (signal: AbortSignal) => (await this.#host.connect(signal)).client;
      const panels = new MetricsPanels({
        context: this.#context,
        source: () => new EngineMetrics(connect, new EngineLogSource(this.#host)),
        log: this.#log,
      });
      this.#disposables.push(panels);
      return panels;
    });
    return this.#metrics;
  }
}

/** The panels of one kind. */
interface PanelSet {
  open(target: LogTarget): void;
}

function toPanelTarget({ deployment, service, replica }: TargetArgument): LogTarget {
  return { deployment, ...(service !== undefined && { service }), ...(replica !== undefined && { replica }) };
}
