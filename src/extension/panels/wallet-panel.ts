import {
  commands,
  type Disposable,
  type ExtensionContext,
  env,
  Uri,
  ViewColumn,
  type WebviewPanel,
  window,
} from "vscode";
import type { WalletFeed } from "../../bridge/wallet/wallet-feed";
import { KNOWN_WALLETS, pairingLink } from "../../bridge/wallet/wallet-link";
import { type WalletHostMessage, type WalletViewMessage, walletViewMessage } from "../../protocol/webview-wallet";
import { reportError } from "../report";
import { type LoadedWallet, relaySettings, type WalletHost } from "../wallet-host";
import { type PanelLog, WebviewHost, webviewResources } from "./webview-host";

export const WALLET_VIEW_TYPE = "zlayer.wallet";

export interface WalletPanelServices {
  readonly context: ExtensionContext;
  readonly host: WalletHost;
  readonly log: PanelLog;
}

/** The wallet panel: at most one, restored when the window is reloaded. */
export class WalletPanels implements Disposable {
  readonly #services: WalletPanelServices;
  readonly #serializer: Disposable;
  #panel: WebviewPanel | undefined;

  constructor(services: WalletPanelServices) {
    this.#services = services;
    this.#serializer = window.registerWebviewPanelSerializer(WALLET_VIEW_TYPE, {
      deserializeWebviewPanel: async (panel) => {
        if (this.#panel === undefined) {
          this.#attach(panel);
        } else {
          panel.dispose();
        }
      },
    });
  }

  open(): void {
    if (this.#panel === undefined) {
      this.#attach(
        window.createWebviewPanel(WALLET_VIEW_TYPE, "ZLayer Wallet", ViewColumn.Active, {
          enableScripts: true,
          localResourceRoots: [webviewResources(this.#services.context)],
        }),
      );
    } else {
      this.#panel.reveal();
    }
  }

  dispose(): void {
    this.#serializer.dispose();
    this.#panel?.dispose();
  }

  #attach(panel: WebviewPanel): void {
    const { context, host, log } = this.#services;
    this.#panel = panel;
    let feed: WalletFeed | undefined;
    let closed = false;
    const loading = Promise.all([host.load(), import("../../bridge/wallet/wallet-feed")]).then(([loaded, code]) => {
      if (!closed) {
        feed = new code.WalletFeed(
          {
            wallet: loaded.wallet,
            transactions: loaded.transactions,
            networks: loaded.networks,
            settings: relaySettings,
            balances: (network, account) => loaded.market(network).balances(account),
          },
          (message) => view.post(message),
        );
      }
      return loaded;
    });
    const changes = host.onDidChange(() => feed?.changed());
    const view = new WebviewHost<typeof walletViewMessage, WalletHostMessage>(
      context,
      panel,
      "wallet",
      walletViewMessage,
      log,
      (message) => {
        void loading
          .then((loaded) => (feed === undefined ? undefined : this.#onMessage(message, loaded, feed)))
          .catch((error: unknown) => reportError("The wallet could not do that", error));
      },
      () => {
        closed = true;
        changes.dispose();
        feed?.dispose();
        this.#panel = undefined;
      },
    );
  }

  async #onMessage(message: WalletViewMessage, loaded: LoadedWallet, feed: WalletFeed): Promise<void> {
    const { wallet, transactions } = loaded;
    switch (message.type) {
      case "ready":
        await this.#services.host.refreshNetworks();
        feed.ready();
        break;
      case "connect":
        // What goes wrong is shown in the panel.
        await wallet.connect().catch(() => undefined);
        break;
      case "cancel":
        await wallet.cancelPairing();
        break;
      case "devnet":
        await wallet.connectDevnet(message.accounts);
        break;
      case "disconnect":
        await wallet.disconnect();
        break;
      case "copyLink":
        if (wallet.state.kind === "pairing") {
          await env.clipboard.writeText(wallet.state.uri);
          window.setStatusBarMessage("$(check) The link is on the clipboard", 4_000);
        }
        break;
      case "openLink":
        if (wallet.state.kind === "pairing") {
          const known = message.wallet === null ? undefined : KNOWN_WALLETS[message.wallet];
          await openExternal(pairingLink(wallet.state.uri, known?.link));
        }
        break;
      case "openWallet": {
        const link = wallet.session?.peer.link;
        if (link !== undefined) {
          await openExternal(link);
        }
        break;
      }
      case "switchAccount": {
        const account = wallet.session?.accounts.find((other) => other === message.account);
        if (account !== undefined) {
          await wallet.switchAccount(account);
        }
        break;
      }
      case "switchNetwork":
        await wallet.switchChain(message.chainId).finally(() => feed.changed());
        break;
      case "copyAddress":
        await commands.executeCommand("zlayer.wallet.copyAddress");
        break;
      case "copyHash":
        await env.clipboard.writeText(message.hash);
        window.setStatusBarMessage("$(check) The transaction's id is on the clipboard", 4_000);
        break;
      case "refresh":
        await this.#services.host.refreshNetworks();
        feed.refresh();
        break;
      case "fund":
        feed.setBusy("The devnet sends money…");
        try {
          await commands.executeCommand("zlayer.wallet.getDevnetFunds");
        } finally {
          feed.setBusy("");
          feed.refresh();
        }
        break;
      case "revoke":
        await this.#revoke(message.spender, loaded, feed);
        break;
      case "clearTransactions":
        transactions.clearSettled();
        break;
      case "settings":
        await commands.executeCommand("workbench.action.openSettings", "zlayer.wallet");
        break;
      case "problem":
        this.#services.log.warn(`The wallet panel dropped a message: ${message.problem}`);
        break;
    }
  }

  async #revoke(
    spender: Extract<WalletViewMessage, { type: "revoke" }>["spender"],
    { wallet, market, network }: LoadedWallet,
    feed: WalletFeed,
  ): Promise<void> {
    const { session } = wallet;
    const on = network();
    if (session === undefined || on === undefined) {
      return;
    }
    feed.setBusy("Preparing the transaction…");
    try {
      const { revoke } = await import("../../bridge/market/actions/revoke");
      const prepared = await revoke(market(on), { from: session.account, spender });
      feed.setBusy("Waiting for the wallet…");
      await prepared.send(wallet.client(on, { title: prepared.title, fields: prepared.describes }));
    } finally {
      feed.setBusy("");
    }
  }
}

async function openExternal(link: string): Promise<void> {
  if (!(await env.openExternal(Uri.parse(link, true)))) {
    await window.showWarningMessage(
      "No program on this machine opens the link. Scan the QR code, or copy the link into the wallet.",
    );
  }
}
