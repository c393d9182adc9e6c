// The editor's side of the language server. The only file of this directory that sees `vscode`.
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { EFFECTIVE_SPEC, type EffectiveSpec } from "./effective-spec-request";
import { KNOWN_NODES, type KnownNode } from "./known-nodes";
import { LIVE_VALUES, type LiveValuesParams } from "./live-values-request";

/** Specs, and job files. */
const LANGUAGES = ["zlayer", "zlayer-job"];
/**
 * A nursery of 4 MiB, and a heap that is collected once it is a fifth larger than what is in use: what an edit leaves behind does
 * not fill memory, and no pause is long.
 */
const NODE_FLAGS = ["--max-semi-space-size=4", "--heap-growing-percent=20"];

/** What the rest of the extension tells the server, where it can. */
export interface Surroundings {
  liveValues(asked: LiveValuesParams, signal: AbortSignal): Promise<string[]>;
  knownNodes(): KnownNode[];
  /** Calls back when the known nodes may have changed. */
  onDidChangeNodes(listener: () => void): vscode.Disposable;
}

let starting: Promise<LanguageClient> | undefined;

/**
 * Starts the language server as soon as a spec is open, and stops it with the extension. It works in untrusted workspaces: it reads
 * what is open and runs nothing.
 */
export function startLanguageClient(context: vscode.ExtensionContext, surroundings: Surroundings): void {
  const startFor = (document: vscode.TextDocument): void => {
    if (LANGUAGES.includes(document.languageId) && starting === undefined) {
      starting = start(context, surroundings);
      starting.catch((error: unknown) => {
        starting = undefined;
        const why = error instanceof Error ? error.message : String(error);
        void vscode.window.showErrorMessage(`ZLayer cannot check specs: its language server did not start (${why}).`);
      });
    }
  };
  context.subscriptions.push(
    vscode.workspace.onDidOpenTextDocument(startFor),
    new vscode.Disposable(() => void starting?.then((client) => client.stop()).catch(() => {})),
  );
  for (const document of vscode.workspace.textDocuments) {
    startFor(document);
  }
}

/** The spec in that document with every default filled in, or why there is none. The document must be open. */
export async function requestEffectiveSpec(document: vscode.TextDocument): Promise<EffectiveSpec> {
  const client = await starting;
  if (client === undefined) {
    return { error: "The language server does not run. Open a spec first." };
  }
  return await client.sendRequest<EffectiveSpec>(EFFECTIVE_SPEC, { uri: document.uri.toString() });
}

async function start(context: vscode.ExtensionContext, surroundings: Surroundings): Promise<LanguageClient> {
  // Loaded only now: activation must not wait for it.
  const { LanguageClient, TransportKind } = await import("./client.library");
  const module = vscode.Uri.joinPath(context.extensionUri, "dist", "language", "server.js").fsPath;
  const client = new LanguageClient(
    "zlayer",
    "ZLayer Language Server",
    {
      run: { module, transport: TransportKind.stdio, options: { execArgv: NODE_FLAGS } },
      debug: { module, transport: TransportKind.stdio, options: { execArgv: ["--nolazy", "--inspect=0"] } },
    },
    { documentSelector: LANGUAGES.map((language) => ({ language })), initializationOptions: { liveValues: true } },
  );
  client.onRequest(LIVE_VALUES, async (asked: LiveValuesParams, token: vscode.CancellationToken) => {
    const abort = new AbortController();
    const cancelled = token.onCancellationRequested(() => abort.abort());
    // What cannot be known is not offered; it is no failure of the user's.
    return await surroundings
      .liveValues(asked, abort.signal)
      .catch(() => [])
      .finally(() => cancelled.dispose());
  });
  await client.start();
  let told = "";
  const tell = (): void => {
    const nodes = surroundings.knownNodes();
    if (JSON.stringify(nodes) !== told) {
      told = JSON.stringify(nodes);
      void client.sendNotification(KNOWN_NODES, { nodes }).catch(() => {});
    }
  };
  tell();
  context.subscriptions.push(surroundings.onDidChangeNodes(tell));
  return client;
}
