import { commands, window } from "vscode";
import { ApiError, EngineUnreachable, isAbort } from "../bridge/sidecar/api-error";
import { BinaryProblem } from "../bridge/sidecar/binary";
import type { DeployFailed } from "../bridge/sidecar/deploy";
import { InvalidEndpoint } from "../bridge/sidecar/endpoint";
import { SidecarStartFailed } from "../bridge/sidecar/supervisor";
import { findWalletError } from "../bridge/wallet/wallet-error";
import { Untrusted } from "./engine-host";

/** A button below a message. */
export interface Remedy {
  readonly title: string;
  run(): unknown;
}

/** What the user can do next about an error. */
export function remediesFor(error: unknown): Remedy[] {
  if (error instanceof Untrusted) {
    return [command("Manage Workspace Trust", "workbench.trust.manage")];
  }
  if (error instanceof BinaryProblem && error.trouble === "unsupported-platform") {
    return [settings("zlayer.endpoint")];
  }
  if (error instanceof BinaryProblem) {
    const repair = settings("zlayer.sidecar.path");
    return error.trouble === "missing" ? [repair] : [repair, command("Show Sidecar Log", "zlayer.sidecar.showLog")];
  }
  if (error instanceof InvalidEndpoint) {
    return [settings("zlayer.endpoint"), settings("zlayer.sidecar.socket", "Socket Setting")];
  }
  if (error instanceof SidecarStartFailed) {
    return [command("Show Sidecar Log", "zlayer.sidecar.showLog"), settings("zlayer.sidecar")];
  }
  if (error instanceof EngineUnreachable) {
    return [command("Show Sidecar Log", "zlayer.sidecar.showLog"), settings("zlayer.endpoint")];
  }
  const ofWallet = findWalletError(error);
  if (ofWallet?.trouble === "not-connected") {
    return [command("Connect Wallet", "zlayer.wallet.connect")];
  }
  if (ofWallet?.trouble === "not-configured") {
    return [settings("zlayer.wallet"), settings("zlayer.market.networks", "Networks")];
  }
  if (ofWallet?.trouble === "wrong-chain") {
    return [command("Switch Network", "zlayer.wallet.switchNetwork")];
  }
  if (ofWallet?.trouble === "wrong-account") {
    return [command("Switch Account", "zlayer.wallet.switchAccount")];
  }
  if (error instanceof ApiError && error.status === 401) {
    return [command("Set Access Token", "zlayer.connection.setToken")];
  }
  return [];
}

/**
 * Shows an error with buttons for what to do about it; says nothing about what the user cancelled. Resolves at once: the
 * message stays until it is closed.
 *
 * @param what what failed, as a sentence without its end: "“hello” was not removed"
 */
export function reportError(what: string, error: unknown, more: readonly Remedy[] = []): void {
  if (isAbort(error)) {
    return;
  }
  void showWithButtons(`${what}. ${messageOf(error)}`, [...more, ...remediesFor(error)]);
}

/** Shows why a deployment does not come up, with buttons that lead to its logs and take it away. */
export function reportNotUp(error: DeployFailed, more: readonly Remedy[] = []): void {
  const { deployment, service } = error;
  const logs = command("Show Logs", "zlayer.service.showLogs", {
    deployment,
    ...(service !== undefined && { service }),
  });
  const remove = command("Remove", "zlayer.deployment.remove", { deployment });
  reportError(`“${deployment}” does not come up`, error, [...more, logs, remove]);
}

/** What an error says to the user, with the engine's remedy. */
export function messageOf(error: unknown): string {
  const ofWallet = findWalletError(error);
  const message = ofWallet?.message ?? (error instanceof Error ? error.message : String(error));
  const remedy = error instanceof ApiError ? error.remedy : undefined;
  return remedy === undefined ? message : `${message} ${remedy}`;
}

async function showWithButtons(message: string, remedies: readonly Remedy[]): Promise<void> {
  const titles = remedies.map((remedy) => remedy.title);
  const chosen = await window.showErrorMessage(message, ...titles);
  await remedies.find((remedy) => remedy.title === chosen)?.run();
}

export function command(title: string, id: string, ...args: readonly unknown[]): Remedy {
  return { title, run: () => commands.executeCommand(id, ...args) };
}

function settings(query: string, title = "Open Settings"): Remedy {
  return command(title, "workbench.action.openSettings", query);
}
