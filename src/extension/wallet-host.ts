import { type Disposable, EventEmitter, type ExtensionContext, env, type LogOutputChannel, workspace } from "vscode";
import type { MarketClient, MarketNetwork } from "../bridge/market";
import type { Transactions } from "../bridge/wallet/transactions";
import type { Wallet } from "../bridge/wallet/wallet";
import type { WalletState } from "../bridge/wallet/wallet-state";

/** Keys in the window's storage. Secrets are in the secret storage, under keys of the bridge. */
const TRANSACTIONS_KEY = "zlayer.wallet.transactions";
const USED_KEY = "zlayer.wallet.used";
/** What another window of the editor changes when it connects or disconnects a wallet. */
const CHOICE_KEY = "zlayer.wallet.choice";

/** The wallet with what belongs to it. */
export interface LoadedWallet {
  readonly wallet: Wallet;
  readonly transactions: Transactions;
  /** Of the settings, and the devnet of this machine. */
  readonly networks: () => readonly MarketNetwork[];
  /** A client that reads from the network's node; it does not watch the market. */
  readonly market: (network: MarketNetwork) => MarketClient;
  /** The network that the wallet is set to, if the settings name it. */
  readonly network: () => MarketNetwork | undefined;
}

/** The wallet of this window. Its code is loaded when it is first needed, so that activation does not wait for it. */
export class WalletHost implements Disposable {
  readonly #context: ExtensionContext;
  readonly #log: LogOutputChannel;
  readonly #changes = new EventEmitter<WalletState>();
  readonly #disposables: Disposable[];
  readonly #clients = new Map<string, MarketClient>();
  #loading: Promise<LoadedWallet> | undefined;
  #networks: readonly MarketNetwork[] = [];

  /** The wallet's state changed; not told before it was loaded. */
  readonly onDidChange = this.#changes.event;

  constructor(context: ExtensionContext, log: LogOutputChannel) {
    this.#context = context;
    this.#log = log;
    this.#disposables = [
      this.#changes,
      workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("zlayer.wallet") || event.affectsConfiguration("zlayer.market.networks")) {
          void this.#onSettings();
        }
      }),
      context.secrets.onDidChange(({ key }) => {
        if (key === CHOICE_KEY) {
          void this.#loading?.then(({ wallet }) => wallet.restore());
        }
      }),
    ];
  }

  /** Restores the wallet of the last time, if one was used. */
  async start(): Promise<void> {
    if (this.wasUsed && workspace.isTrusted) {
      await (await this.load()).wallet.restore();
    }
  }

  /** Whether a wallet was ever connected in this profile. */
  get wasUsed(): boolean {
    return this.#context.globalState.get<boolean>(USED_KEY, false);
  }

  load(): Promise<LoadedWallet> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  dispose(): void {
    for (const disposable of this.#disposables) {
      disposable.dispose();
    }
    void this.#loading?.then(async ({ wallet, transactions }) => {
      transactions.dispose();
      await wallet.dispose();
    });
    for (const client of this.#clients.values()) {
      void client.dispose();
    }
  }

  async #load(): Promise<LoadedWallet> {
    const [{ Wallet }, { Transactions }, { connect }, { walletPrompt }] = await Promise.all([
      import("../bridge/wallet/wallet"),
      import("../bridge/wallet/transactions"),
      import("../bridge/market/chain"),
      import("./wallet-prompt"),
    ]);
    await this.#readNetworks();
    const { secrets, globalState, extension } = this.#context;
    const onProblem = (message: string): void => this.#log.warn(message);
    const networks = (): readonly MarketNetwork[] => this.#networks;
    const transactions = new Transactions({
      store: {
        load: () => globalState.get(TRANSACTIONS_KEY),
        save: (records) => globalState.update(TRANSACTIONS_KEY, records),
      },
      node: (chainId) => {
        const network = this.#networks.find((other) => other.chainId === chainId);
        return network === undefined ? undefined : connect(network);
      },
      onProblem,
    });
    const wallet = new Wallet({
      secrets,
      networks,
      settings: relaySettings,
      prompt: walletPrompt,
      transactions,
      returnLink: `${env.uriScheme}://${extension.id}/wallet`,
      onProblem,
    });
    wallet.onChange((state) => {
      if (state.kind === "connected" && !this.wasUsed) {
        void globalState.update(USED_KEY, true);
      }
      this.#changes.fire(state);
    });
    transactions.resume();
    const { createMarketClient } = await import("../bridge/market/create-market-client");
    return {
      wallet,
      transactions,
      networks,
      market: (network) => {
        const key = JSON.stringify([network.chainId, network.rpcUrl, network.addresses]);
        const client = this.#clients.get(key) ?? createMarketClient({ network, log: onProblem });
        this.#clients.set(key, client);
        return client;
      },
      network: () => this.#networks.find(({ chainId }) => chainId === wallet.session?.chainId),
    };
  }

  async #readNetworks(): Promise<void> {
    const { loadNetworks } = await import("../bridge/market/devnet-file");
    const { networks, problems } = await loadNetworks(workspace.getConfiguration("zlayer").get("market.networks"));
    for (const { path, message } of problems) {
      this.#log.warn(`${path} ${message}`);
    }
    this.#networks = networks;
  }

  /** A devnet may have been started since the networks were read. */
  async refreshNetworks(): Promise<void> {
    await this.load();
    await this.#readNetworks();
  }

  async #onSettings(): Promise<void> {
    if (this.#loading !== undefined) {
      const { wallet, transactions } = await this.#loading;
      await this.#readNetworks();
      await wallet.reload();
      transactions.resume();
      this.#changes.fire(wallet.state);
    }
  }
}

/** The settings of the relay, as the user wrote them. */
export function relaySettings(): { readonly projectId: string; readonly relayUrl: string } {
  const settings = workspace.getConfiguration("zlayer.wallet");
  return { projectId: settings.get<string>("projectId", ""), relayUrl: settings.get<string>("relayUrl", "") };
}
