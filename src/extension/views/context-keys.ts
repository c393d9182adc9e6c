import { commands, type Disposable } from "vscode";
import { ApiError, EngineUnreachable } from "../../bridge/sidecar/api-error";
import { BinaryProblem } from "../../bridge/sidecar/binary";
import { has } from "../../bridge/sidecar/capabilities";
import { InvalidEndpoint } from "../../bridge/sidecar/endpoint";
import type { Feature } from "../../bridge/sidecar/types";
import type { EngineHost, HostStatus } from "../engine-host";

const FEATURES: readonly Feature[] = ["tty", "metrics", "status", "shutdown"];

/**
 * What the `when` clauses of package.json know: `zlayer.engine` (the connection's state, or `loading` until the
 * deployments are listed), `zlayer.engineTrouble` (why it is `failed` or `lost`) and `zlayer.feature.<name>`.
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
    this.#set("zlayer.engineTrouble", troubleOf(status));
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

/** In one word, for the view that says what to do about it. */
function troubleOf(status: HostStatus): string {
  if (status.kind !== "failed" && status.kind !== "lost") {
    return "none";
  }
  const { error } = status;
  if (error instanceof BinaryProblem) {
    return error.trouble;
  }
  if (error instanceof InvalidEndpoint) {
    return "endpoint";
  }
  if (error instanceof ApiError && error.status === 401) {
    return "token";
  }
  return error instanceof EngineUnreachable ? "unreachable" : "other";
}
