import { randomBytes } from "node:crypto";
import type * as v from "valibot";
import { type Disposable, type ExtensionContext, Uri, type WebviewPanel } from "vscode";
import { parseMessage } from "../../protocol/webview-message";
import { webviewHtml } from "./webview-html";

/** Where the panels report what is of use to somebody who looks for a fault. */
export interface PanelLog {
  warn(message: string): void;
}

/** Directory that holds what webviews may load. */
export function webviewResources(context: ExtensionContext): Uri {
  return Uri.joinPath(context.extensionUri, "dist", "webviews");
}

/**
 * Host side of one webview panel: sets its page, checks each message from it against a schema, and lets go of everything when
 * the panel is closed.
 */
export class WebviewHost<In extends v.GenericSchema, Out> {
  readonly panel: WebviewPanel;
  readonly #log: PanelLog;
  readonly #disposables: Disposable[] = [];
  #disposed = false;

  /** @param name Of the bundle in `dist/webviews` and of the style sheet beside it. */
  constructor(
    context: ExtensionContext,
    panel: WebviewPanel,
    name: string,
    schema: In,
    log: PanelLog,
    onMessage: (message: v.InferOutput<In>) => void,
    onDispose: () => void,
  ) {
    this.panel = panel;
    this.#log = log;
    const { webview } = panel;
    panel.iconPath = Uri.joinPath(context.extensionUri, "media", "icon.png");
    const resources = webviewResources(context);
    webview.options = { enableScripts: true, localResourceRoots: [resources] };
    this.#disposables.push(
      webview.onDidReceiveMessage((value: unknown) => {
        const parsed = parseMessage(schema, value);
        if (parsed.ok) {
          onMessage(parsed.message);
        } else {
          log.warn(`Dropped a message of the ${name} panel: ${parsed.problem}`);
        }
      }),
      panel.onDidDispose(() => {
        this.#disposed = true;
        for (const disposable of this.#disposables) {
          disposable.dispose();
        }
        onDispose();
      }),
    );
    webview.html = webviewHtml({
      title: panel.title,
      cspSource: webview.cspSource,
      scriptNonce: randomBytes(16).toString("base64url"),
      styleNonce: randomBytes(16).toString("base64url"),
      script: webview.asWebviewUri(Uri.joinPath(resources, `${name}.js`)).toString(),
      style: webview.asWebviewUri(Uri.joinPath(resources, `${name}.css`)).toString(),
    });
  }

  /** Sends a message. One that cannot be delivered, because the webview is hidden or gone, is lost: it asks again when it is back. */
  post(message: Out): void {
    if (this.#disposed) {
      return;
    }
    this.panel.webview.postMessage(message).then(undefined, (error: unknown) => {
      this.#log.warn(`Could not send a message to the panel "${this.panel.title}": ${String(error)}`);
    });
  }
}
