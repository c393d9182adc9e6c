// The extension's wallet, a wallet of WalletConnect's own kit as its user's phone, a relay on loopback and two chains.
import type { Address } from "viem";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import type { MarketNetwork } from "../../../src/bridge/market/network";
import { MemorySecrets } from "../../../src/bridge/wallet/secret-store";
import type { SigningPrompt, SigningRequest } from "../../../src/bridge/wallet/signing-request";
import type { TransactionRecord } from "../../../src/bridge/wallet/transaction-record";
import { Transactions } from "../../../src/bridge/wallet/transactions";
import { Wallet } from "../../../src/bridge/wallet/wallet";
import { findWalletError, type WalletTrouble } from "../../../src/bridge/wallet/wallet-error";
import type { WalletState } from "../../../src/bridge/wallet/wallet-state";
import { Anvil } from "../../support/anvil";
import { PhoneWallet, testAccount } from "../../support/phone-wallet";
import { TestRelay } from "../../support/relay";

export const OTHER_CHAIN = 31338;
export const FRIEND: Address = "0x00000000000000000000000000000000DeaDBeef";
export const TOKEN: Address = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
export const MARKET: Address = "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0";

/** What a test of the wallet has: the chains stay, all else is made anew for each test. */
export class WalletBench {
  devnet!: Anvil;
  other!: Anvil;
  relay!: TestRelay;
  phone!: PhoneWallet;
  app!: App;
  /** What was fetched from elsewhere than loopback. */
  readonly outside: string[] = [];
}

/** The extension's side, with what it keeps over restarts. */
export class App {
  readonly #bench: WalletBench;
  readonly secrets: MemorySecrets;
  readonly prompts: SigningRequest[] = [];
  readonly problems: string[] = [];
  /** What the user does with the next request. */
  confirms = true;
  /** Aborted when the user no longer waits for the wallet. */
  patience = new AbortController();
  kept: readonly TransactionRecord[] = [];
  relayUrl: string;
  networks: readonly MarketNetwork[];
  wallet: Wallet;
  transactions: Transactions;

  constructor(bench: WalletBench, options: { pairingMs?: number; secrets?: MemorySecrets } = {}) {
    this.#bench = bench;
    this.relayUrl = bench.relay.url;
    this.secrets = options.secrets ?? new MemorySecrets();
    this.networks = [network(bench.devnet, "devnet"), network(bench.other, "other")];
    [this.wallet, this.transactions] = this.#start(options.pairingMs);
  }

  #start(pairingMs?: number): [Wallet, Transactions] {
    const prompt: SigningPrompt = {
      confirm: async (request) => {
        this.prompts.push(request);
        return this.confirms;
      },
      waiting: () => this.patience.signal,
    };
    const transactions = new Transactions({
      store: {
        load: () => JSON.parse(JSON.stringify(this.kept)),
        save: async (records) => {
          this.kept = records;
        },
      },
      node: (chainId) =>
        (chainId === this.#bench.devnet.chainId ? this.#bench.devnet.client : this.#bench.other.client) as never,
      pollMs: 20,
      onProblem: (message) => this.problems.push(message),
    });
    const wallet = new Wallet({
      secrets: this.secrets,
      networks: () => this.networks,
      settings: () => ({ projectId: "", relayUrl: this.relayUrl }),
      prompt,
      transactions,
      ...(pairingMs !== undefined && { pairingMs }),
      onProblem: (message) => this.problems.push(message),
    });
    return [wallet, transactions];
  }

  /** The window is closed and opened again. */
  async restart(): Promise<void> {
    await this.stop();
    [this.wallet, this.transactions] = this.#start();
  }

  async stop(): Promise<void> {
    this.transactions.dispose();
    await this.wallet.dispose();
  }

  /** Resolves with the first state, now or later, that is meant. */
  until(meant: (state: WalletState) => boolean): Promise<WalletState> {
    return new Promise((resolve) => {
      if (meant(this.wallet.state)) {
        resolve(this.wallet.state);
        return;
      }
      const stop = this.wallet.onChange((state) => {
        if (meant(state)) {
          stop();
          resolve(state);
        }
      });
    });
  }

  /** Shows a QR code; the phone scans it. */
  async pair(): Promise<void> {
    const connected = this.wallet.connect();
    connected.catch(() => undefined);
    const state = await this.until(({ kind }) => kind === "pairing");
    await this.#bench.phone.scan(state.kind === "pairing" ? state.uri : "");
    await connected;
  }

  client(on: Anvil = this.#bench.devnet) {
    return this.wallet.client(network(on, on === this.#bench.devnet ? "devnet" : "other"));
  }
}

export function network(node: Anvil, name: string): MarketNetwork {
  const addresses = { token: TOKEN, registry: FRIEND, market: MARKET, distribution: FRIEND };
  return {
    name,
    chainId: node.chainId,
    rpcUrl: node.url,
    currency: "ETH",
    isDevnet: node.chainId === 31337,
    deploymentBlock: 0n,
    addresses,
  };
}

/** The wallet's own error behind what a call throws. */
export async function troubleOf(work: Promise<unknown>): Promise<{ trouble: WalletTrouble; message: string }> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const found = findWalletError(error);
  if (found === undefined) {
    throw new Error(`no wallet error: ${String(error)}`);
  }
  return { trouble: found.trouble, message: found.message };
}

function startPhone({ devnet, other, relay }: WalletBench): Promise<PhoneWallet> {
  const accounts = [testAccount(0), testAccount(1)];
  const networks = new Map([
    [devnet.chainId, devnet.url],
    [other.chainId, other.url],
  ]);
  return PhoneWallet.start({ relayUrl: relay.url, accounts, networks });
}

/** Starts the chains for the tests of a file, and relay, phone and app for each of them. Whatever the wallet calls a problem fails the test. */
export function useWalletBench(): WalletBench {
  const bench = new WalletBench();
  const realFetch = globalThis.fetch;

  beforeAll(async () => {
    [bench.devnet, bench.other] = await Promise.all([Anvil.start(), Anvil.start(OTHER_CHAIN)]);
    globalThis.fetch = (input, init) => {
      const { hostname, href } = new URL(input instanceof Request ? input.url : String(input));
      if (hostname !== "127.0.0.1") {
        bench.outside.push(href);
      }
      return realFetch(input, init);
    };
  });

  afterAll(async () => {
    globalThis.fetch = realFetch;
    await Promise.all([bench.devnet?.stop(), bench.other?.stop()]);
  });

  beforeEach(async () => {
    bench.relay = await TestRelay.start();
    bench.phone = await startPhone(bench);
    bench.app = new App(bench);
  });

  afterEach(async () => {
    await bench.app.stop();
    await bench.phone.stop();
    await bench.relay.stop();
    expect(bench.app.problems).toEqual([]);
  });

  return bench;
}
