import type { Address } from "viem";
import type {
  WalletBalancesView,
  WalletConnectionView,
  WalletHostMessage,
  WalletSessionView,
  WalletTransactionView,
} from "../../protocol/webview-wallet";
import { CONTRACT_TITLES } from "../market/contracts";
import type { Balances } from "../market/market-client";
import { DEVNET_CHAIN_ID, type MarketNetwork } from "../market/network";
import { money, ott, short } from "../market/words";
import { relaySettings } from "./relay-settings";
import type { TransactionRecord } from "./transaction-record";
import type { Transactions } from "./transactions";
import type { Wallet } from "./wallet";
import { KNOWN_WALLETS } from "./wallet-link";
import { sessionOf, type WalletSession, type WalletState } from "./wallet-state";

export interface WalletFeedSources {
  readonly wallet: Pick<Wallet, "state" | "onChange">;
  readonly transactions: Pick<Transactions, "all" | "onChange">;
  readonly networks: () => readonly MarketNetwork[];
  readonly settings: () => { readonly projectId: string; readonly relayUrl: string };
  /** @throws when the network's node cannot be asked */
  readonly balances: (network: MarketNetwork, account: Address) => Promise<Balances>;
}

/** Pause between two looks at the balances, in milliseconds. */
const REFRESH = 15_000;
const SPENDERS = ["market", "registry", "distribution"] as const;
const LONGEST = 1_000;

/** What a wallet panel shows, sent whole whenever something of it changed. */
export class WalletFeed {
  readonly #sources: WalletFeedSources;
  readonly #post: (message: WalletHostMessage) => void;
  readonly #stops: (() => void)[];
  readonly #timer: NodeJS.Timeout;
  #balances: WalletBalancesView = { kind: "none" };
  /** Whose balances those are. */
  #key = "";
  #asking = 0;
  #unsettled = 0;
  #busy = "";
  #isReady = false;

  constructor(sources: WalletFeedSources, post: (message: WalletHostMessage) => void) {
    this.#sources = sources;
    this.#post = post;
    this.#stops = [
      sources.wallet.onChange(() => this.changed()),
      sources.transactions.onChange(() => this.#onTransactions()),
    ];
    this.#timer = setInterval(() => this.refresh(), REFRESH);
  }

  /** The panel can take messages. */
  ready(): void {
    this.#isReady = true;
    this.changed();
  }

  /** Reads the balances again; what is shown stays until then. */
  refresh(): void {
    if (this.#isReady) {
      void this.#readBalances();
    }
  }

  /** @param busy what is being done; empty for nothing */
  setBusy(busy: string): void {
    this.#busy = busy;
    this.#send();
  }

  dispose(): void {
    clearInterval(this.#timer);
    for (const stop of this.#stops) {
      stop();
    }
  }

  /** Something that is shown changed. */
  changed(): void {
    const session = sessionOf(this.#sources.wallet.state);
    const key = session === undefined ? "" : `${session.chainId} ${session.account}`;
    if (key !== this.#key) {
      this.#key = key;
      this.#balances = key === "" ? { kind: "none" } : { kind: "loading" };
      this.refresh();
    }
    this.#send();
  }

  #onTransactions(): void {
    const unsettled = this.#sources.transactions.all.filter(({ state }) => state.kind === "pending").length;
    if (unsettled < this.#unsettled) {
      this.refresh();
    }
    this.#unsettled = unsettled;
    this.#send();
  }

  async #readBalances(): Promise<void> {
    const session = sessionOf(this.#sources.wallet.state);
    if (session === undefined) {
      return;
    }
    this.#asking += 1;
    const asking = this.#asking;
    const network = this.#sources.networks().find(({ chainId }) => chainId === session.chainId);
    const next: WalletBalancesView =
      network === undefined
        ? {
            kind: "failed",
            message: `The wallet is set to network ${session.chainId}, which zlayer.market.networks does not name. Switch the network.`,
          }
        : await this.#sources.balances(network, session.account).then(
            (balances) => balancesView(balances, network),
            (error: unknown): WalletBalancesView => ({
              kind: "failed",
              message: (error instanceof Error ? error.message : String(error)).slice(0, LONGEST),
            }),
          );
    if (asking === this.#asking) {
      this.#balances = next;
      this.#send();
    }
  }

  #send(): void {
    if (this.#isReady) {
      this.#post({
        type: "state",
        connection: this.#connection(this.#sources.wallet.state),
        balances: this.#balances,
        transactions: this.#sources.transactions.all.map((record) => transactionView(record, this.#sources.networks())),
        busy: this.#busy,
      });
    }
  }

  #connection(state: WalletState): WalletConnectionView {
    switch (state.kind) {
      case "disconnected":
        return {
          kind: "disconnected",
          message: state.end.message.slice(0, LONGEST),
          failed: state.end.why === "failed",
          notConfigured: this.#notConfigured(),
          noDevnet: this.#sources.networks().some(({ chainId }) => chainId === DEVNET_CHAIN_ID)
            ? ""
            : "There is no devnet on this machine. Start one with “npm run devnet”.",
        };
      case "starting":
        return state;
      case "pairing":
        return { ...state, wallets: KNOWN_WALLETS.map(({ name }) => name) };
      case "connected":
        return { kind: "connected", session: this.#session(state.session) };
      case "relay-unreachable":
        return {
          kind: "unreachable",
          message: state.message,
          since: state.since,
          session: state.session === undefined ? null : this.#session(state.session),
        };
    }
  }

  #session(session: WalletSession): WalletSessionView {
    const known = this.#sources.networks().map(({ chainId, name }) => ({
      chainId,
      name,
      allowed: session.chainIds.includes(chainId),
    }));
    const other = { chainId: session.chainId, name: `network ${session.chainId}`, allowed: false };
    return {
      via: session.via,
      wallet: session.peer.name,
      accounts: session.accounts.slice(0, 100),
      account: session.account,
      chainId: session.chainId,
      networks: known.some(({ chainId }) => chainId === session.chainId) ? known : [...known, other],
      opens: session.peer.link !== undefined,
      expiresAt: session.expiresAt ?? null,
    };
  }

  #notConfigured(): string {
    if (this.#sources.networks().length === 0) {
      return "No network is set. Add one to zlayer.market.networks, or start a devnet with “npm run devnet”.";
    }
    try {
      relaySettings(this.#sources.settings());
      return "";
    } catch (error) {
      return (error instanceof Error ? error.message : String(error)).slice(0, LONGEST);
    }
  }
}

function balancesView(balances: Balances, network: MarketNetwork): WalletBalancesView {
  return {
    kind: "ready",
    native: money(balances.native, network.currency),
    ott: ott(balances.ott),
    hint:
      balances.native > 0n
        ? ""
        : `Without ${network.currency} this account cannot pay for a transaction. ${network.isDevnet ? "Get devnet funds" : "Send some to it"} first.`,
    gives: network.isDevnet,
    allowances: SPENDERS.filter((spender) => balances.allowances[spender] > 0n).map((spender) => ({
      spender,
      title: CONTRACT_TITLES[spender],
      amount: ott(balances.allowances[spender]),
    })),
  };
}

function transactionView(record: TransactionRecord, networks: readonly MarketNetwork[]): WalletTransactionView {
  const { state } = record;
  const network = networks.find(({ chainId }) => chainId === record.chainId);
  const currency = network?.currency ?? "ETH";
  const cost = state.kind === "confirmed" || state.kind === "failed" ? money(BigInt(state.costWei), currency) : "";
  return {
    hash: record.hash,
    title: record.title.slice(0, LONGEST),
    network: network?.name ?? `network ${record.chainId}`,
    sentAt: record.sentAt,
    state: state.kind,
    note: noteOf(record, network !== undefined).slice(0, LONGEST),
    cost,
    fields: record.fields.map(({ label, value }) => ({ label, value })),
  };
}

function noteOf({ state }: TransactionRecord, isKnownNetwork: boolean): string {
  switch (state.kind) {
    case "pending":
      return isKnownNetwork
        ? "Waiting for the network to include it in a block"
        : "Not followed: its network is not in zlayer.market.networks any more";
    case "confirmed":
      return `In block ${BigInt(state.block).toLocaleString("en-US")}${state.final ? "" : ", which may still be undone"}`;
    case "failed":
      return state.reason;
    case "replaced": {
      const by = state.by === undefined ? "another transaction" : `the transaction ${short(state.by)}`;
      return state.how === "cancelled"
        ? `Cancelled in the wallet by ${by}`
        : state.how === "repriced"
          ? `Sent again with another fee, as ${by}`
          : `Replaced by ${by} of the same account`;
    }
    case "dropped":
      return "The network forgot it: nothing happened and nothing was paid";
  }
}
