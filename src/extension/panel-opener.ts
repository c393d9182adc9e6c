import type { Disposable, ExtensionContext, LogOutputChannel } from "vscode";
import type { EngineHost } from "./engine-host";
import { EngineLogSource } from "./engine-log-source";
import type { TargetArgument } from "./target";

/** Opens the webview panels. Their code is loaded once activation is over: it takes part in restoring panels after a reload. */
export class Panels implements Disposable {
  readonly #context: ExtensionContext;
  readonly #host: EngineHost;
  readonly #log: LogOutputChannel;
  readonly #disposables: Disposable[] = [];
  #logs: Promise<{ open(target: TargetArgument): void }> | undefined;

  constructor(context: ExtensionContext, host: EngineHost, log: LogOutputChannel) {
    this.#context = context;
    this.#host = host;
    this.#log = log;
  }

  /** Loads the panels' code. */
  async load(): Promise<void> {
    await this.#logPanels();
  }

  async openLogs({ deployment, service, replica }: TargetArgument): Promise<void> {
    const panels = await this.#logPanels();
    panels.open({ deployment, ...(service !== undefined && { service }), ...(replica !== undefined && { replica }) });
  }

  async openMetrics(_target: TargetArgument): Promise<void> {
    throw new Error("This build has no metrics panel.");
  }

  dispose(): void {
    for (const disposable of this.#disposables) {
      disposable.dispose();
    }
  }

  #logPanels(): Promise<{ open(target: TargetArgument): void }> {
    this.#logs ??= import("./panels/logs-panel").then(({ LogPanels }) => {
      const panels = new LogPanels({ context: this.#context, source: new EngineLogSource(this.#host), log: this.#log });
      this.#disposables.push(panels);
      return panels;
    });
    return this.#logs;
  }
}
