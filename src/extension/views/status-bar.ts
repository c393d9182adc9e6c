import { type Disposable, StatusBarAlignment, type StatusBarItem, ThemeColor, window } from "vscode";
import type { EngineHost } from "../engine-host";

/** Whether the engine is there, and how much runs. A click opens the deployments. */
export class StatusBar implements Disposable {
  readonly #host: EngineHost;
  readonly #item: StatusBarItem;
  readonly #disposables: Disposable[];

  constructor(host: EngineHost) {
    this.#host = host;
    this.#item = window.createStatusBarItem("zlayer.status", StatusBarAlignment.Left, 10);
    this.#item.name = "ZLayer";
    this.#item.command = "zlayer.deployments.focus";
    this.#disposables = [
      this.#item,
      host.onDidChangeStatus(() => this.#update()),
      host.onDidChangeState(() => this.#update()),
    ];
    this.#update();
    this.#item.show();
  }

  dispose(): void {
    for (const disposable of this.#disposables) {
      disposable.dispose();
    }
  }

  #update(): void {
    const { text, tooltip, background } = this.#content();
    this.#item.text = text;
    this.#item.tooltip = tooltip;
    this.#item.accessibilityInformation = { label: tooltip };
    // Assigning `undefined` takes the colour away.
    this.#item.backgroundColor = background === undefined ? undefined : new ThemeColor(background);
  }

  #content(): { text: string; tooltip: string; background?: string } {
    const { status } = this.#host;
    switch (status.kind) {
      case "untrusted":
        return { text: "$(shield) ZLayer", tooltip: "ZLayer starts nothing in an untrusted workspace." };
      case "off":
        return { text: "$(circle-outline) ZLayer", tooltip: "The ZLayer sidecar is not running." };
      case "connecting":
        return { text: "$(loading~spin) ZLayer", tooltip: "ZLayer: connecting to the engine." };
      case "lost":
        return {
          text: "$(debug-disconnect) ZLayer",
          tooltip: `ZLayer: connecting again. ${status.error.message}`,
          background: "statusBarItem.warningBackground",
        };
      case "failed":
        return {
          text: "$(error) ZLayer",
          tooltip: `ZLayer: ${status.error.message}`,
          background: "statusBarItem.errorBackground",
        };
      case "connected":
        return this.#counts();
    }
  }

  #counts(): { text: string; tooltip: string } {
    const services = [...this.#host.deployments.values()].flatMap((deployment) => deployment.services);
    const running = services.reduce((total, service) => total + service.running, 0);
    const desired = services.reduce((total, service) => total + service.desired, 0);
    const failed = services.some((service) => ["failed", "backoff", "unhealthy"].includes(service.phase));
    const icon = failed ? "$(warning)" : "$(layers-active)";
    const count = desired === 0 ? "" : ` ${running}/${desired}`;
    return { text: `${icon} ZLayer${count}`, tooltip: `ZLayer: ${running} of ${desired} containers run.` };
  }
}
