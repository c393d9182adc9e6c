import { type ExtensionContext, window, workspace } from "vscode";
import { startLanguageClient } from "../language/client";
import { registerCommands } from "./commands/registry";
import { showLimitationsOnce } from "./limitations";
import { KnownNodes, liveValues } from "./live-values";
import { offerRunningVersion } from "./running-version";
import { handleLinks } from "./uri-handler";
import { ZLayerContext } from "./zlayer-context";

/** What other extensions get from `activate()`. */
export interface ZLayerApi {
  /** Milliseconds that activation took. */
  readonly activationMs: number;
}

let active: ZLayerContext | undefined;

/** The editor waits for this before it ends the window's process. */
export async function deactivate(): Promise<void> {
  await active?.market.close();
}

export function activate(extension: ExtensionContext): ZLayerApi {
  const started = performance.now();
  try {
    const context = new ZLayerContext(extension);
    extension.subscriptions.push(context);
    active = context;
    const { host } = context;
    const nodes = context.own(new KnownNodes(host));
    startLanguageClient(extension, {
      liveValues: (asked, signal) => liveValues(host, asked, signal),
      knownNodes: () => nodes.all,
      onDidChangeNodes: (listener) => nodes.onDidChange(listener),
    });
    context.own(registerCommands(context));
    context.own(handleLinks(context));
    context.own(showLimitationsOnce(context));
    context.own(offerRunningVersion(context));
    const activationMs = performance.now() - started;
    context.log.info(`Activated in ${activationMs.toFixed(1)} ms.`);
    // After activation: other extensions do not wait for a connection.
    setImmediate(() => {
      void context.panels.load();
      void context.wallet.start();
      void context.host.rebuild(workspace.isTrusted);
    });
    return { activationMs };
  } catch (error) {
    void window.showErrorMessage(
      `ZLayer did not start: ${error instanceof Error ? error.message : String(error)}. Reload the window; if it stays so, reinstall the extension.`,
    );
    throw error;
  }
}
