import { commands, type Disposable } from "vscode";
import { has } from "../../bridge/sidecar/capabilities";
import type { Feature } from "../../bridge/sidecar/types";
import type { EngineHost } from "../engine-host";

const FEATURES: readonly Feature[] = ["tty", "metrics", "status", "shutdown"];

/**
 * What the `when` clauses of package.json know: `zlayer.engine` (the connection's state, or `loading` until the
 * deployments are listed) and `zlayer.feature.<name>`.
 */
export class ContextKeys implements Disposable {
  readonly #disposables: Disposable[];
  readonly #values = new Map<string, unknown>();

  constructor(host: EngineHost) {
    const update = (): void => this.#update(host);
    this.#disposables = [
      host.onDidChangeStatus(update),
      host.onDidChangeState((change) => change.kind === "synced" && update()),
    ];
    update();
  }

  dispose(): void {
    for (const disposable of this.#disposables) {
      disposable.dispose();
    }
  }

  #update(host: EngineHost): void {
    const { status } = host;
    this.#set("zlayer.engine", status.kind === "connected" && !host.synced ? "loading" : status.kind);
    for (const feature of FEATURES) {
      // While nothing is connected nothing is known to be missing.
      this.#set(`zlayer.feature.${feature}`, status.kind !== "connected" || has(status.capabilities, feature));
    }
  }

  #set(key: string, value: unknown): void {
    if (this.#values.get(key) !== value) {
      this.#values.set(key, value);
      void commands.executeCommand("setContext", key, value);
    }
  }
}
