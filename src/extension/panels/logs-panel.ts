import { basename } from "node:path";
import * as v from "valibot";
import {
  commands,
  type Disposable,
  type ExtensionContext,
  ProgressLocation,
  Uri,
  ViewColumn,
  type WebviewPanel,
  window,
  workspace,
} from "vscode";
import { LogFeed } from "../../bridge/logs/log-feed";
import { sinceMs, targetTitle } from "../../bridge/logs/log-session";
import type { LogSource } from "../../bridge/logs/log-source";
import { saveLogs } from "../../bridge/logs/save-logs";
import {
  defaultLogOptions,
  type LogOptions,
  type LogsHostMessage,
  type LogsViewMessage,
  type LogTarget,
  logsViewMessage,
  logsViewState,
} from "../../protocol/webview-logs";
import { type PanelLog, WebviewHost, webviewResources } from "./webview-host";

export const LOGS_VIEW_TYPE = "zlayer.logs";

export interface LogPanelServices {
  readonly context: ExtensionContext;
  readonly source: LogSource;
  readonly log: PanelLog;
}

/** All open log panes; at most one for each target. Restores them when the window is reloaded. */
export class LogPanels implements Disposable {
  readonly #services: LogPanelServices;
  readonly #panels = new Map<string, LogPanel>();
  readonly #serializer: Disposable;

  constructor(services: LogPanelServices) {
    this.#services = services;
    this.#serializer = window.registerWebviewPanelSerializer(LOGS_VIEW_TYPE, {
      deserializeWebviewPanel: async (panel, state: unknown) => {
        const parsed = v.safeParse(logsViewState, state);
        if (!parsed.success || this.#panels.has(keyOf(parsed.output.target))) {
          panel.dispose();
          return;
        }
        this.#attach(panel, parsed.output.target, parsed.output.options);
      },
    });
  }

  /** Shows the logs of `target`; brings its pane to the front when there is one. */
  open(target: LogTarget): void {
    const open = this.#panels.get(keyOf(target));
    if (open !== undefined) {
      open.reveal();
      return;
    }
    const panel = window.createWebviewPanel(LOGS_VIEW_TYPE, `Logs: ${targetTitle(target)}`, ViewColumn.Active, {
      enableScripts: true,
      localResourceRoots: [webviewResources(this.#services.context)],
    });
    this.#attach(panel, target, defaultLogOptions);
  }

  dispose(): void {
    this.#serializer.dispose();
    for (const panel of [...this.#panels.values()]) {
      panel.dispose();
    }
  }

  #attach(panel: WebviewPanel, target: LogTarget, options: LogOptions): void {
    const key = keyOf(target);
    this.#panels.set(key, new LogPanel(this.#services, panel, target, options, () => this.#panels.delete(key)));
  }
}

function keyOf(target: LogTarget): string {
  return JSON.stringify([target.deployment, target.service ?? null, target.replica ?? null]);
}

/** One log pane: the webview, and the feed that it talks to. */
class LogPanel {
  readonly #services: LogPanelServices;
  readonly #host: WebviewHost<typeof logsViewMessage, LogsHostMessage>;
  readonly #feed: LogFeed;

  constructor(
    services: LogPanelServices,
    panel: WebviewPanel,
    target: LogTarget,
    options: LogOptions,
    onDispose: () => void,
  ) {
    this.#services = services;
    this.#feed = new LogFeed({ source: services.source, target, options, capacity: bufferLines() }, (message) =>
      this.#host.post(message),
    );
    this.#host = new WebviewHost(
      services.context,
      panel,
      "logs",
      logsViewMessage,
      services.log,
      (message) => this.#onMessage(message),
      () => {
        this.#feed.dispose();
        onDispose();
      },
    );
  }

  reveal(): void {
    this.#host.panel.reveal();
  }

  dispose(): void {
    this.#host.panel.dispose();
  }

  #onMessage(message: LogsViewMessage): void {
    if (message.type === "save") {
      void this.#save(message.timestamps);
    } else if (message.type === "problem") {
      this.#services.log.warn(`The log pane dropped a message: ${message.problem}`);
    } else {
      this.#feed.onMessage(message);
    }
  }

  async #save(timestamps: boolean): Promise<void> {
    const { session } = this.#feed;
    const replicas = session.current;
    if (replicas.length === 0) {
      await window.showInformationMessage(`${targetTitle(session.target)} has no containers whose log could be saved.`);
      return;
    }
    const folder = workspace.workspaceFolders?.[0]?.uri;
    const name = `${targetTitle(session.target).replaceAll("/", "-")}.log`;
    const picked = await window.showSaveDialog({
      title: "Save Log",
      filters: { "Log files": ["log", "txt"] },
      ...(folder === undefined ? {} : { defaultUri: Uri.joinPath(folder, name) }),
    });
    if (picked === undefined) {
      return;
    }
    if (picked.scheme !== "file") {
      await window.showErrorMessage(
        `The log cannot be saved to ${picked.toString(true)}. Pick a folder on this machine.`,
      );
      return;
    }
    const since = sinceMs(session.options, Date.now());
    const request = {
      replicas,
      query: { streams: session.options.streams, ...(since === undefined ? {} : { sinceMs: since }) },
      timestamps,
      path: picked.fsPath,
    };
    const abort = new AbortController();
    try {
      const saved = await window.withProgress(
        { location: ProgressLocation.Notification, title: `Saving ${basename(picked.fsPath)}`, cancellable: true },
        (progress, token) => {
          token.onCancellationRequested(() => abort.abort());
          return saveLogs(this.#services.source, request, abort.signal, ({ lines, bytes }) =>
            progress.report({ message: `${lines.toLocaleString("en-US")} lines, ${(bytes / 1e6).toFixed(1)} MB` }),
          );
        },
      );
      const message = `Saved ${saved.lines.toLocaleString("en-US")} lines to ${basename(picked.fsPath)}.`;
      if ((await window.showInformationMessage(message, "Open")) === "Open") {
        await commands.executeCommand("vscode.open", picked);
      }
    } catch (error) {
      if (!abort.signal.aborted) {
        const reason = error instanceof Error ? error.message : String(error);
        await window.showErrorMessage(`The log could not be saved: ${reason}`);
      }
    }
  }
}

function bufferLines(): number {
  const lines = workspace.getConfiguration("zlayer").get<number>("logs.bufferLines", 50_000);
  return Math.min(500_000, Math.max(1_000, Math.floor(lines)));
}
