import * as v from "valibot";
import { type Disposable, type ExtensionContext, ViewColumn, type WebviewPanel, window } from "vscode";
import { targetTitle } from "../../bridge/logs/log-session";
import { MetricsFeed } from "../../bridge/metrics/metrics-feed";
import type { MetricsSource } from "../../bridge/metrics/metrics-source";
import {
  type MetricsHostMessage,
  type MetricsTarget,
  metricsViewMessage,
  metricsViewState,
} from "../../protocol/webview-metrics";
import { type PanelLog, WebviewHost, webviewResources } from "./webview-host";

export const METRICS_VIEW_TYPE = "zlayer.metrics";

export interface MetricsPanelServices {
  readonly context: ExtensionContext;
  /** Makes a source for one panel. */
  readonly source: () => MetricsSource;
  readonly log: PanelLog;
}

/** All open metrics panels; at most one for each target. Restores them when the window is reloaded. */
export class MetricsPanels implements Disposable {
  readonly #services: MetricsPanelServices;
  readonly #panels = new Map<string, WebviewPanel>();
  readonly #serializer: Disposable;

  constructor(services: MetricsPanelServices) {
    this.#services = services;
    this.#serializer = window.registerWebviewPanelSerializer(METRICS_VIEW_TYPE, {
      deserializeWebviewPanel: async (panel, state: unknown) => {
        const parsed = v.safeParse(metricsViewState, state);
        if (!parsed.success || this.#panels.has(keyOf(parsed.output.target))) {
          panel.dispose();
          return;
        }
        this.#attach(panel, parsed.output.target);
      },
    });
  }

  /** Shows the metrics of `target`; brings its panel to the front when there is one. */
  open(target: MetricsTarget): void {
    const open = this.#panels.get(keyOf(target));
    if (open !== undefined) {
      open.reveal();
      return;
    }
    const panel = window.createWebviewPanel(METRICS_VIEW_TYPE, `Metrics: ${targetTitle(target)}`, ViewColumn.Active, {
      enableScripts: true,
      localResourceRoots: [webviewResources(this.#services.context)],
    });
    this.#attach(panel, target);
  }

  dispose(): void {
    this.#serializer.dispose();
    for (const panel of [...this.#panels.values()]) {
      panel.dispose();
    }
  }

  #attach(panel: WebviewPanel, target: MetricsTarget): void {
    const { context, source, log } = this.#services;
    const key = keyOf(target);
    const feed = new MetricsFeed(source(), target, (message) => host.post(message));
    const host = new WebviewHost<typeof metricsViewMessage, MetricsHostMessage>(
      context,
      panel,
      "metrics",
      metricsViewMessage,
      log,
      (message) => {
        if (message.type === "ready") {
          feed.ready();
        } else {
          log.warn(`The metrics panel dropped a message: ${message.problem}`);
        }
      },
      () => {
        feed.dispose();
        this.#panels.delete(key);
      },
    );
    this.#panels.set(key, panel);
  }
}

function keyOf(target: MetricsTarget): string {
  return JSON.stringify([target.deployment, target.service ?? null, target.replica ?? null]);
}
