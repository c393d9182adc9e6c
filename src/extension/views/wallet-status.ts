import { type Disposable, StatusBarAlignment, type StatusBarItem, ThemeColor, window } from "vscode";
import type { WalletState } from "../../bridge/wallet/wallet-state";
import type { WalletHost } from "../wallet-host";

/** Account and network of the wallet; hidden until a wallet was used. A click shows the wallet. */
export class WalletStatus implements Disposable {
  readonly #host: WalletHost;
  readonly #item: StatusBarItem;
  readonly #disposables: Disposable[];

  constructor(host: WalletHost) {
    this.#host = host;
    this.#item = window.createStatusBarItem("zlayer.wallet", StatusBarAlignment.Left, 9);
    this.#item.name = "ZLayer Wallet";
    this.#item.command = "zlayer.wallet.show";
    this.#disposables = [this.#item, host.onDidChange((state) => void this.#update(state))];
  }

  dispose(): void {
    for (const disposable of this.#disposables) {
      disposable.dispose();
    }
  }

  async #update(state: WalletState): Promise<void> {
    const { networks } = await this.#host.load();
    const nameOf = (chainId: number): string =>
      networks().find((network) => network.chainId === chainId)?.name ?? `network ${chainId}`;
    const { text, tooltip, warns } = walletStatusText(state, nameOf);
    this.#item.text = text;
    this.#item.tooltip = tooltip;
    this.#item.accessibilityInformation = { label: tooltip };
    this.#item.backgroundColor = warns ? new ThemeColor("statusBarItem.warningBackground") : undefined;
    if (this.#host.wasUsed || state.kind !== "disconnected") {
      this.#item.show();
    } else {
      this.#item.hide();
    }
  }
}

/** What the status bar says about a state of the wallet. */
export function walletStatusText(
  state: WalletState,
  nameOf: (chainId: number) => string,
): { readonly text: string; readonly tooltip: string; readonly warns: boolean } {
  switch (state.kind) {
    case "disconnected":
      return {
        text: "$(plug) Wallet",
        tooltip: state.end.message === "" ? "ZLayer: no wallet is connected." : `ZLayer: ${state.end.message}`,
        warns: false,
      };
    case "starting":
      return { text: "$(loading~spin) Wallet", tooltip: `ZLayer: ${state.message}`, warns: false };
    case "pairing":
      return {
        text: "$(device-mobile) Wallet",
        tooltip: "ZLayer: waiting for a wallet to scan the code.",
        warns: false,
      };
    case "connected":
    case "relay-unreachable": {
      const { session } = state;
      if (session === undefined) {
        return {
          text: "$(debug-disconnect) Wallet",
          tooltip: "ZLayer: the wallet's relay cannot be reached.",
          warns: true,
        };
      }
      const { account, chainId, via, peer } = session;
      const lost = state.kind === "relay-unreachable";
      const icon = lost ? "$(debug-disconnect)" : via === "devnet" ? "$(beaker)" : "$(account)";
      const network = nameOf(chainId);
      return {
        text: `${icon} ${account.slice(0, 6)}…${account.slice(-4)} · ${network}`,
        tooltip: `ZLayer: ${peer.name}, account ${account} on ${network}.${lost ? " Its relay cannot be reached." : ""}`,
        warns: lost,
      };
    }
  }
}
