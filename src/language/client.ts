// The editor's side of the language server. The only file of this directory that sees `vscode`.
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { EFFECTIVE_SPEC, type EffectiveSpec } from "./effective-spec-request";

const LANGUAGE = "zlayer";
/** A small nursery, in MiB: what an edit leaves behind is collected before it fills memory. */
const NODE_FLAGS = ["--max-semi-space-size=1"];

let starting: Promise<LanguageClient> | undefined;

/**
 * Starts the language server as soon as a spec is open, and stops it with the extension. It works in untrusted workspaces: it reads
 * what is open and runs nothing.
 */
export function startLanguageClient(context: vscode.ExtensionContext): void {
  const startFor = (document: vscode.TextDocument): void => {
    if (document.languageId === LANGUAGE && starting === undefined) {
      starting = start(context);
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

async function start(context: vscode.ExtensionContext): Promise<LanguageClient> {
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
    { documentSelector: [{ language: LANGUAGE }] },
  );
  await client.start();
  return client;
}
