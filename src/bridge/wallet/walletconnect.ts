import type { SessionTypes, SignClientTypes } from "@walletconnect/types";
import type { Address } from "viem";
import { Backoff, delay } from "../wait";
import { isRelayReachable } from "./relay-probe";
import type { SessionStorage } from "./session-storage";
import { printable, WalletError, walletErrorFrom } from "./wallet-error";
import { parsePairingUri } from "./wallet-link";

type SignClientModule = typeof import("@walletconnect/sign-client");
type Client = Awaited<ReturnType<SignClientModule["SignClient"]["init"]>>;

/** What a wallet is asked to allow. `eth_sign` is not among it: it signs blindly. */
const METHODS = ["eth_sendTransaction", "eth_signTypedData_v4", "personal_sign", "wallet_addEthereumChain"];
const EVENTS = ["accountsChanged", "chainChanged"];

/** Says to the other side why a session ends (WalletConnect's error codes). */
const USER_DISCONNECTED = { code: 6000, message: "User disconnected." };

/** How long the other side may take to hear that a session ended, in milliseconds. It ends here at any rate. */
const FAREWELL = 3_000;

/** How long a connection to the relay may take that is under way, in milliseconds. */
const CONNECTS_WITHIN = 5_000;

export interface WalletConnectOptions {
  readonly storage: SessionStorage;
  /** Empty is possible with a relay that asks for none. */
  readonly projectId: string;
  readonly relayUrl: string;
  /** Link by which a wallet brings the user back. */
  readonly returnLink?: string;
  /** Loads the protocol, which is large. */
  readonly load?: () => Promise<SignClientModule>;
  readonly onEvent: (event: WalletConnectEvent) => void;
}

export type WalletConnectEvent =
  | { readonly kind: "relay"; readonly up: boolean }
  /** The wallet changed what it allows. */
  | { readonly kind: "updated"; readonly session: SessionTypes.Struct }
  | { readonly kind: "ended"; readonly why: "by-wallet" | "expired" }
  | { readonly kind: "chain"; readonly chainId: number }
  | { readonly kind: "accounts"; readonly accounts: readonly string[] };

export interface Pairing {
  readonly uri: string;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number;
  /** Rejects when the wallet declines, or when nobody answers in time. */
  readonly approval: Promise<SessionTypes.Struct>;
  /** Makes the URI useless. */
  cancel(): void;
}

/** One request to the wallet, as JSON-RPC. */
export interface WalletRequest {
  readonly chainId: number;
  readonly account: Address;
  readonly method: "eth_sendTransaction" | "eth_signTypedData_v4" | "personal_sign" | "wallet_addEthereumChain";
  readonly params: readonly unknown[];
}

/** The dApp's side of WalletConnect: at most one session, over a relay that may come and go. */
export class WalletConnect {
  readonly #options: WalletConnectOptions;
  readonly #client: Client;
  readonly #closing = new AbortController();
  readonly #backoff = new Backoff(500, 15_000);
  #reconnecting = false;
  #session: SessionTypes.Struct | undefined;
  /** Aborted when the session ends: nobody answers what was asked before. */
  #sessionEnd = new AbortController();

  private constructor(options: WalletConnectOptions, client: Client) {
    this.#options = options;
    this.#client = client;
    this.#session = client.session.getAll().find(({ expiry }) => expiry * 1_000 > Date.now());
    client.on("session_update", ({ topic }) => this.#onUpdate(topic));
    client.on("session_delete", ({ topic }) => this.#onEnd(topic, "by-wallet"));
    client.on("session_expire", ({ topic }) => this.#onEnd(topic, "expired"));
    client.on("session_event", (event) => this.#onSessionEvent(event));
    const { relayer } = client.core;
    relayer.on("relayer_connect", () => {
      this.#backoff.reset();
      options.onEvent({ kind: "relay", up: true });
    });
    relayer.on("relayer_disconnect", () => this.#onRelayLost());
    relayer.on("relayer_error", () => this.#onRelayLost());
    if (this.#session !== undefined) {
      void this.#watchStart();
    }
  }

  /** Loads the protocol and what was kept of a session. */
  static async start(options: WalletConnectOptions): Promise<WalletConnect> {
    const { SignClient } = await (options.load ?? (() => import("@walletconnect/sign-client")))();
    // The library keeps one core for the whole process, which would outlive a change of the settings. Read in its constructor.
    const before = process.env["DISABLE_GLOBAL_CORE"];
    process.env["DISABLE_GLOBAL_CORE"] = "true";
    let starting: Promise<Client>;
    try {
      starting = SignClient.init({
        projectId: options.projectId,
        relayUrl: options.relayUrl,
        telemetryEnabled: false,
        logger: "silent",
        customStoragePrefix: "zlayer",
        storage: options.storage,
        metadata: metadataOf(options.returnLink),
      });
    } finally {
      if (before === undefined) {
        delete process.env["DISABLE_GLOBAL_CORE"];
      } else {
        process.env["DISABLE_GLOBAL_CORE"] = before;
      }
    }
    return new WalletConnect(options, await starting);
  }

  get session(): SessionTypes.Struct | undefined {
    return this.#session;
  }

  /** Whether the wallet lets itself be asked to add a network. */
  get mayAddChains(): boolean {
    return this.#session?.namespaces["eip155"]?.methods.includes("wallet_addEthereumChain") === true;
  }

  get relayUp(): boolean {
    return this.#client.core.relayer.connected;
  }

  /**
   * Offers a new session to whoever scans the URI. Waits until the relay can be reached.
   *
   * @throws {WalletError} `relay-unreachable` when it refuses what it is told
   */
  async pair(chainIds: readonly number[]): Promise<Pairing> {
    await this.#untilReachable();
    const offered = await this.#client
      .connect({
        optionalNamespaces: {
          eip155: { chains: chainIds.map((id) => `eip155:${id}`), methods: METHODS, events: EVENTS },
        },
      })
      .catch((error: unknown) => {
        throw new WalletError("relay-unreachable", relayMessage(this.#options.relayUrl), { cause: error });
      });
    const uri = offered.uri ?? "";
    const { topic, expiresAt } = parsePairingUri(uri);
    let cancelled = false;
    const approval = offered.approval().then(
      (session) => {
        if (cancelled) {
          void this.#leave(session.topic);
          throw new WalletError("declined", "The pairing was cancelled.");
        }
        this.#session = session;
        return session;
      },
      (error: unknown) => {
        throw walletErrorFrom(error, "the wallet");
      },
    );
    return {
      uri,
      expiresAt: expiresAt ?? Date.now() + 300_000,
      approval,
      cancel: () => {
        cancelled = true;
        void this.#client.core.pairing.disconnect({ topic }).catch(() => undefined);
      },
    };
  }

  /**
   * Asks the wallet, which asks its user.
   *
   * @throws {WalletError}
   */
  async request(request: WalletRequest, signal?: AbortSignal): Promise<unknown> {
    const session = this.#session;
    if (session === undefined) {
      throw new WalletError("not-connected", "No wallet is connected. Connect one and try again.");
    }
    const wallet = peerName(session);
    if (!(await this.#relayIsUp())) {
      throw new WalletError(
        "relay-unreachable",
        `${relayMessage(this.#options.relayUrl)} ${wallet} cannot be asked until it is back.`,
      );
    }
    const { topic } = session;
    const answer = this.#client
      .request<unknown>({
        topic,
        chainId: `eip155:${request.chainId}`,
        request: { method: request.method, params: [...request.params] },
      })
      .catch((error: unknown) => {
        throw walletErrorFrom(error, wallet);
      });
    return orAborted(
      answer,
      signal === undefined ? this.#sessionEnd.signal : AbortSignal.any([this.#sessionEnd.signal, signal]),
    );
  }

  /** Ends the session. The wallet is told, if it can be reached; here it ends at any rate. */
  async disconnect(): Promise<void> {
    const session = this.#session;
    if (session !== undefined) {
      this.#forget();
      await this.#leave(session.topic);
    }
  }

  /** Stops talking to the relay. The session stays for the next start. */
  async close(): Promise<void> {
    this.#closing.abort();
    const { core } = this.#client;
    core.heartbeat.stop();
    await core.relayer.transportClose().catch(() => undefined);
    await this.#options.storage.flush();
  }

  async #leave(topic: string): Promise<void> {
    const client = this.#client;
    if (this.relayUp) {
      const told = client.disconnect({ topic, reason: USER_DISCONNECTED }).then(
        () => true,
        () => false,
      );
      if (await Promise.race([told, delay(FAREWELL).then(() => false)])) {
        return;
      }
    }
    if (client.session.keys.includes(topic)) {
      await client.session.delete(topic, USER_DISCONNECTED);
      client.core.expirer.del(topic);
      await client.core.crypto.deleteSymKey(topic).catch(() => undefined);
    }
  }

  #forget(): void {
    this.#session = undefined;
    this.#sessionEnd.abort(disconnected());
    this.#sessionEnd = new AbortController();
  }

  #onUpdate(topic: string): void {
    if (topic === this.#session?.topic) {
      this.#session = this.#client.session.get(topic);
      this.#options.onEvent({ kind: "updated", session: this.#session });
    }
  }

  #onEnd(topic: string, why: "by-wallet" | "expired"): void {
    const session = this.#session;
    if (topic === session?.topic) {
      this.#forget();
      // The library tells of the end first, and then that it is one by expiry.
      const expired = session.expiry * 1_000 <= Date.now();
      this.#options.onEvent({ kind: "ended", why: expired ? "expired" : why });
    }
  }

  #onSessionEvent({ topic, params }: SignClientTypes.EventArguments["session_event"]): void {
    if (topic !== this.#session?.topic) {
      return;
    }
    const { name, data } = params.event as { name: string; data: unknown };
    if (name === "chainChanged") {
      const chainId = typeof data === "string" || typeof data === "number" ? Number(data) : Number.NaN;
      if (Number.isSafeInteger(chainId) && chainId > 0) {
        this.#options.onEvent({ kind: "chain", chainId });
      }
    } else if (name === "accountsChanged" && Array.isArray(data)) {
      const accounts = data.filter((item): item is string => typeof item === "string").slice(0, 100);
      this.#options.onEvent({ kind: "accounts", accounts });
    }
  }

  /** Right after the start, the connection to the relay may be under way. */
  async #relayIsUp(): Promise<boolean> {
    if (this.relayUp || this.#reconnecting) {
      return this.relayUp;
    }
    const { relayer } = this.#client.core;
    const connected = new Promise<void>((resolve) => relayer.once("relayer_connect", () => resolve()));
    await Promise.race([connected, delay(CONNECTS_WITHIN, this.#closing.signal)]);
    return this.relayUp;
  }

  async #watchStart(): Promise<void> {
    if (!this.relayUp && !(await isRelayReachable(this.#options.relayUrl, this.#closing.signal))) {
      this.#onRelayLost();
    }
  }

  #onRelayLost(): void {
    if (this.#closing.signal.aborted || this.relayUp) {
      return;
    }
    this.#options.onEvent({ kind: "relay", up: false });
    void this.#reconnect();
  }

  /** @throws the `AbortError` of `close` */
  async #untilReachable(): Promise<void> {
    const { signal } = this.#closing;
    let told = false;
    while (!(await isRelayReachable(this.#options.relayUrl, signal))) {
      signal.throwIfAborted();
      if (!told) {
        told = true;
        this.#options.onEvent({ kind: "relay", up: false });
      }
      await delay(this.#backoff.next(), signal);
    }
    this.#backoff.reset();
    if (told) {
      this.#options.onEvent({ kind: "relay", up: true });
    }
  }

  /** The library gives up after some errors, so that the attempts are made here. */
  async #reconnect(): Promise<void> {
    if (this.#reconnecting) {
      return;
    }
    this.#reconnecting = true;
    const { signal } = this.#closing;
    try {
      while (!signal.aborted && !this.relayUp) {
        await delay(this.#backoff.next(), signal);
        if (!this.relayUp && (await isRelayReachable(this.#options.relayUrl, signal))) {
          await this.#client.core.relayer.transportOpen().catch(() => undefined);
        }
      }
    } catch {
      // Closed.
    } finally {
      this.#reconnecting = false;
    }
  }
}

/** The name that the other side of a session gives itself, as one short line. */
export function peerName(session: SessionTypes.Struct): string {
  return printable(session.peer.metadata.name, 60) || "The wallet";
}

function disconnected(): WalletError {
  return new WalletError("disconnected", "The wallet was disconnected before it answered.");
}

function relayMessage(url: string): string {
  return `The WalletConnect relay ${hostOf(url)} cannot be reached. ZLayer keeps trying; check the network and zlayer.wallet.relayUrl.`;
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return "";
  }
}

function metadataOf(returnLink: string | undefined): SignClientTypes.Metadata {
  return {
    name: "ZLayer for VS Code",
    description: "Deploys containers, and pays for them",
    url: "https://marketplace.visualstudio.com/items?itemName=zlayer.zlayer",
    icons: [],
    ...(returnLink !== undefined && { redirect: { native: returnLink } }),
  };
}

/** Rejects as soon as nobody waits or can answer any more. The wallet may still answer; that is then ignored. */
function orAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      const reason: unknown = signal.reason;
      reject(
        reason instanceof WalletError
          ? reason
          : new WalletError("declined", "You stopped waiting for the wallet. Decline there what it may still show."),
      );
    };
    if (signal.aborted) {
      onAbort();
    }
    signal.addEventListener("abort", onAbort, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
