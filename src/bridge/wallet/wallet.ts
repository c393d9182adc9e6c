import type { SessionTypes } from "@walletconnect/types";
import { type Address, getAddress, isAddressEqual } from "viem";
import { Emitter, type Unsubscribe } from "../emitter";
import type { MarketNetwork } from "../market/network";
import { allowChain } from "./allow-chain";
import { approvedBy } from "./approved-by";
import { type ConnectedClient, connectedClient } from "./connected-client";
import { describeSession } from "./describe-session";
import { DevnetAccounts, type DevnetKind, devnetSession } from "./devnet-account";
import { relayIsBack, relayIsGone } from "./relay-outage";
import { relaySettings } from "./relay-settings";
import { SessionStorage } from "./session-storage";
import { sharedAccount } from "./shared-account";
import type { TransactionIntent } from "./signing-request";
import { keepChoice, readChoice, type WalletChoice } from "./wallet-choice";
import { cancelled, ELSEWHERE, EXPIRED, endOf, NEVER, notConnected } from "./wallet-end";
import { WalletError } from "./wallet-error";
import type { WalletOptions } from "./wallet-options";
import { sessionOf, type WalletSession, type WalletState } from "./wallet-state";
import { type Pairing, peerName, WalletConnect, type WalletConnectEvent, type WalletRequest } from "./walletconnect";

/**
 * The user's wallet: at most one, over WalletConnect or as an account of the devnet. It is restored after a restart. No key of a real
 * wallet is ever here.
 */
export class Wallet {
  readonly #options: WalletOptions;
  readonly #storage: SessionStorage;
  readonly #changes = new Emitter<WalletState>();
  #state: WalletState = { kind: "disconnected", end: NEVER };
  #connection: WalletConnect | undefined;
  #devnet: DevnetAccounts | undefined;
  #pairing: Pairing | undefined;
  /** Raised whenever something begins that makes what is under way obsolete. */
  #generation = 0;
  #choice: Partial<WalletChoice> = {};
  /** Until what was chosen last is kept. */
  #keeping: Promise<void> = Promise.resolve();
  /** What goes on when the relay is back. */
  #interrupted: WalletState | undefined;

  constructor(options: WalletOptions) {
    this.#options = options;
    this.#storage = new SessionStorage(options.secrets, options.onProblem);
  }

  get state(): WalletState {
    return this.#state;
  }

  get session(): WalletSession | undefined {
    return sessionOf(this.#state);
  }

  onChange(listener: (state: WalletState) => void): Unsubscribe {
    return this.#changes.on(listener);
  }

  /**
   * Connects again what was connected when the editor was closed. Loads the protocol only if there is a session. Also to be called when
   * another window connected a wallet, or disconnected the one that is shared.
   */
  async restore(): Promise<void> {
    if (this.#state.kind !== "disconnected") {
      await this.#leaveWhatIsGone();
      return;
    }
    const before = this.#generation;
    const choice = await readChoice(this.#options.secrets);
    // Where there is nothing to restore, what began meanwhile must not be disturbed.
    if (choice === undefined || before !== this.#generation) {
      return;
    }
    this.#generation += 1;
    const generation = this.#generation;
    this.#choice = choice;
    if (choice.via === "devnet") {
      await this.#openDevnet(choice.devnet ?? "well-known", generation);
    } else if (await this.#storage.hasSession()) {
      await this.#restoreSession(generation);
    }
  }

  /**
   * Offers a session to a wallet: the state holds the link for its QR code.
   *
   * @returns once a wallet is connected
   * @throws {WalletError} `not-configured`, `declined`, `expired`, `wrong-chain`
   */
  async connect(): Promise<WalletSession> {
    const settings = relaySettings(this.#options.settings());
    const networks = this.#options.networks();
    if (networks.length === 0) {
      throw new WalletError(
        "not-configured",
        "No network is set, so a wallet would have nothing to do. Set zlayer.market.networks first.",
      );
    }
    const generation = await this.#begin();
    this.#set({ kind: "starting", message: "Contacting the WalletConnect relay…" });
    try {
      const connection = await this.#start(settings);
      if (generation !== this.#generation) {
        throw cancelled();
      }
      const session = await this.#pair(connection, networks, generation);
      const described = describeSession(session, {}, networks);
      if (described === undefined) {
        await connection.disconnect();
        throw new WalletError(
          "wrong-chain",
          `${peerName(session)} allowed no account on ${networks.map(({ name }) => name).join(" or ")}. Add the network in the wallet and connect again.`,
        );
      }
      await this.#connected(described, { via: "walletconnect" });
      return described;
    } catch (error) {
      if (generation !== this.#generation) {
        throw cancelled();
      }
      await this.#shut();
      this.#set({ kind: "disconnected", end: endOf(error) });
      throw error;
    }
  }

  /** Uses accounts of the devnet, with keys on this machine. */
  async connectDevnet(kind: DevnetKind): Promise<WalletSession> {
    const generation = await this.#begin();
    this.#choice = {};
    return this.#openDevnet(kind, generation);
  }

  /** Ends a pairing that waits for a wallet. */
  async cancelPairing(): Promise<void> {
    if (this.#state.kind === "pairing" || this.#state.kind === "starting" || this.session === undefined) {
      this.#generation += 1;
      this.#pairing?.cancel();
      await this.#shut();
      this.#set({ kind: "disconnected", end: { why: "cancelled", message: "" } });
    }
  }

  /** Ends the session on both sides. Keys of the devnet are kept. */
  async disconnect(): Promise<void> {
    this.#generation += 1;
    await this.#keep(undefined);
    const connection = this.#connection;
    this.#set({ kind: "disconnected", end: { why: "here", message: "" } });
    await connection?.disconnect();
    await this.#shut();
  }

  /** @throws {WalletError} `not-connected`, `wrong-account` */
  async switchAccount(account: Address): Promise<void> {
    const session = this.#require();
    if (!session.accounts.some((other) => isAddressEqual(other, account))) {
      throw new WalletError(
        "wrong-account",
        `The wallet does not share the account ${account} on this network. Choose one of its accounts, or connect again and allow it.`,
      );
    }
    await this.#choose({ account: getAddress(account) });
  }

  /**
   * Asks the wallet to add the network, where it can be asked and does not allow it yet.
   *
   * @throws {WalletError} `not-connected`, `wrong-chain` when the wallet does not allow that network
   */
  async switchChain(chainId: number): Promise<void> {
    const session = this.#require();
    const connection = this.#connection;
    await allowChain(session, chainId, {
      network: this.#options.networks().find((known) => known.chainId === chainId),
      ...(connection?.mayAddChains === true && {
        wallet: {
          session: () => this.session,
          ask: (request: WalletRequest) => connection.request(request),
          onChange: (listener: () => void) => this.#changes.on(listener),
        },
      }),
    });
    await this.#choose({ chainId });
  }

  /**
   * A client whose signatures and transactions come from the wallet, each after the user has read and confirmed it.
   *
   * @param intent what the transaction is for, shown in place of the bare call
   * @throws {WalletError} `not-connected`
   */
  client(network: MarketNetwork, intent?: TransactionIntent): ConnectedClient {
    const { account } = this.#require();
    return connectedClient({
      account,
      network,
      prompt: this.#options.prompt,
      ...(intent !== undefined && { intent }),
      signer: {
        session: () => this.#require(),
        ask: (request, on, signal) => {
          if (this.#devnet !== undefined) {
            return this.#devnet.request(request, on);
          }
          if (this.#connection === undefined) {
            throw notConnected();
          }
          return this.#connection.request(request, signal);
        },
        sent: (record) => this.#options.transactions.add(record),
      },
    });
  }

  /** The settings changed: a session that is there goes on over the new relay. */
  async reload(): Promise<void> {
    if (this.#connection !== undefined && this.session !== undefined) {
      const generation = ++this.#generation;
      await this.#shut();
      await this.#restoreSession(generation);
    }
  }

  /** Lets go of the relay. The session is restored at the next start. */
  async dispose(): Promise<void> {
    this.#generation += 1;
    this.#changes.clear();
    this.#pairing?.cancel();
    await this.#shut();
  }

  /** Another window ended the session, which is this one's, too. The other side has been told there. */
  async #leaveWhatIsGone(): Promise<void> {
    const generation = this.#generation;
    await this.#keeping;
    if (
      this.session !== undefined &&
      (await readChoice(this.#options.secrets)) === undefined &&
      generation === this.#generation
    ) {
      this.#generation += 1;
      this.#set({ kind: "disconnected", end: ELSEWHERE });
      await this.#shut();
    }
  }

  /** Keeps what is used; `undefined` for none. */
  #keep(choice: WalletChoice | undefined): Promise<void> {
    this.#keeping = keepChoice(this.#options.secrets, choice);
    return this.#keeping;
  }

  async #begin(): Promise<number> {
    if (this.session !== undefined) {
      await this.disconnect();
    }
    this.#pairing?.cancel();
    const generation = ++this.#generation;
    await this.#shut();
    return generation;
  }

  async #start(settings: { readonly projectId: string; readonly relayUrl: string }): Promise<WalletConnect> {
    const { returnLink, load } = this.#options;
    await this.#storage.renew();
    const connection = await WalletConnect.start({
      storage: this.#storage,
      ...settings,
      ...(returnLink !== undefined && { returnLink }),
      ...(load !== undefined && { load }),
      onEvent: (event) => this.#onEvent(event),
    });
    this.#connection = connection;
    return connection;
  }

  async #restoreSession(generation: number): Promise<void> {
    this.#set({ kind: "starting", message: "Connecting to the wallet of the last time…" });
    try {
      const connection = await this.#start(relaySettings(this.#options.settings()));
      if (generation !== this.#generation) {
        await connection.close();
        return;
      }
      const session =
        connection.session === undefined
          ? undefined
          : describeSession(connection.session, this.#choice, this.#options.networks());
      if (session === undefined) {
        await this.#shut();
        await this.#keep(undefined);
        this.#set({ kind: "disconnected", end: EXPIRED });
        return;
      }
      // The relay may have been found out of reach meanwhile.
      this.#set(
        this.#state.kind === "relay-unreachable" ? { ...this.#state, session } : { kind: "connected", session },
      );
    } catch (error) {
      if (generation === this.#generation) {
        await this.#shut();
        this.#set({ kind: "disconnected", end: endOf(error) });
      }
    }
  }

  async #openDevnet(kind: DevnetKind, generation: number): Promise<WalletSession> {
    const devnet = await DevnetAccounts.open(kind, this.#options.secrets);
    if (generation !== this.#generation) {
      throw cancelled();
    }
    this.#devnet = devnet;
    const session = devnetSession(devnet, this.#choice.account);
    await this.#connected(session, { via: "devnet", devnet: kind });
    return session;
  }

  /** Shows the QR code until a wallet answers; waits for the relay where that is out of reach. */
  async #pair(
    connection: WalletConnect,
    networks: readonly MarketNetwork[],
    generation: number,
  ): Promise<SessionTypes.Struct> {
    const chainIds = [...new Set(networks.map(({ chainId }) => chainId))];
    const pairing = await connection.pair(chainIds);
    if (generation !== this.#generation) {
      pairing.cancel();
      throw cancelled();
    }
    this.#pairing = pairing;
    const expiresAt = Math.min(pairing.expiresAt, Date.now() + (this.#options.pairingMs ?? Number.MAX_SAFE_INTEGER));
    this.#set({ kind: "pairing", uri: pairing.uri, expiresAt });
    try {
      return await Promise.race([approvedBy(expiresAt, pairing.approval), this.#superseded(generation)]);
    } catch (error) {
      pairing.cancel();
      throw error;
    } finally {
      this.#pairing = undefined;
    }
  }

  /** Rejects when something else has begun; waits for ever when that never happens. */
  #superseded(generation: number): Promise<never> {
    return new Promise((_, reject) => {
      const stop = this.#changes.on((state) => {
        if (generation !== this.#generation) {
          stop();
          reject(cancelled());
        } else if (state.kind === "connected") {
          stop();
        }
      });
    });
  }

  #onEvent(event: WalletConnectEvent): void {
    switch (event.kind) {
      case "relay":
        this.#onRelay(event.up);
        break;
      case "updated":
        this.#update(describeSession(event.session, this.#choice, this.#options.networks()));
        break;
      case "chain":
        void this.#follow({ chainId: event.chainId });
        break;
      case "accounts":
        void this.#followAccounts(event.accounts);
        break;
      case "ended": {
        this.#generation += 1;
        void this.#keep(undefined);
        const name = this.session?.peer.name ?? "The wallet";
        void this.#shut();
        this.#set({
          kind: "disconnected",
          end: event.why === "expired" ? EXPIRED : { why: "by-wallet", message: `${name} ended the connection.` },
        });
        break;
      }
    }
  }

  #onRelay(up: boolean): void {
    const after = up ? relayIsBack(this.#state, this.#interrupted) : relayIsGone(this.#state);
    if (after !== undefined) {
      if (!up) {
        this.#interrupted = this.#state;
      }
      this.#set(after);
    }
  }

  /** The wallet's user switched the network there. */
  async #follow(change: Partial<WalletChoice>): Promise<void> {
    const session = this.session;
    if (session === undefined) {
      return;
    }
    if (change.chainId !== undefined && !session.chainIds.includes(change.chainId)) {
      // Shown as it is: signing for a network that the wallet does not allow is refused.
      this.#update({ ...session, chainId: change.chainId });
      return;
    }
    await this.#choose(change);
  }

  async #followAccounts(accounts: readonly string[]): Promise<void> {
    const session = this.session;
    const account = session === undefined ? undefined : sharedAccount(session, accounts[0]);
    if (account !== undefined) {
      await this.#choose({ account });
    }
  }

  async #choose(change: Partial<WalletChoice>): Promise<void> {
    const session = this.#require();
    const choice: WalletChoice = {
      via: session.via,
      ...(this.#devnet !== undefined && { devnet: this.#devnet.kind }),
      account: session.account,
      chainId: session.chainId,
      ...change,
    };
    this.#choice = choice;
    if (this.#connection?.session !== undefined) {
      this.#update(describeSession(this.#connection.session, choice, this.#options.networks()));
    } else {
      this.#update({ ...session, account: choice.account ?? session.account });
    }
    await this.#keep(choice);
  }

  #update(session: WalletSession | undefined): void {
    const state = this.#state;
    if (session === undefined) {
      void this.disconnect();
    } else if (state.kind === "relay-unreachable") {
      this.#set({ ...state, session });
    } else if (state.kind === "connected") {
      this.#set({ kind: "connected", session });
    }
  }

  async #connected(session: WalletSession, choice: WalletChoice): Promise<void> {
    this.#choice = { ...choice, account: session.account, chainId: session.chainId };
    this.#set({ kind: "connected", session });
    await this.#keep({ ...choice, account: session.account, chainId: session.chainId });
  }

  async #shut(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#devnet = undefined;
    this.#interrupted = undefined;
    await connection?.close();
  }

  #require(): WalletSession {
    const session = this.session;
    if (session === undefined) {
      throw notConnected();
    }
    return session;
  }

  #set(state: WalletState): void {
    this.#state = state;
    this.#changes.emit(state);
  }
}
