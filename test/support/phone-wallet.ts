// A user's wallet as they have it on their phone, made with WalletConnect's own kit for wallets. Its user is the test.

import { type IWalletKit, WalletKit, type WalletKitTypes } from "@reown/walletkit";
import { Core } from "@walletconnect/core";
import { buildApprovedNamespaces, getSdkError } from "@walletconnect/utils";
import { createWalletClient, type Hex, http, type LocalAccount, type TypedDataDefinition } from "viem";
import { mnemonicToAccount } from "viem/accounts";

export const TEST_MNEMONIC = "test test test test test test test test test test test junk";

/** The devnet node's funded accounts. */
export function testAccount(index: number): LocalAccount {
  return mnemonicToAccount(TEST_MNEMONIC, { addressIndex: index });
}

export interface PhoneOptions {
  readonly relayUrl: string;
  readonly accounts: readonly LocalAccount[];
  /** Chain id and address of a node for each network that the wallet knows. */
  readonly networks: ReadonlyMap<number, string>;
}

type Answer = "approve" | "reject" | "ignore";

export class PhoneWallet {
  readonly #kit: IWalletKit;
  readonly #core: InstanceType<typeof Core>;
  readonly #options: PhoneOptions;
  /** What the user does with the next connection. */
  proposals: Answer = "approve";
  /** What the user does with requests. */
  requests: Answer = "approve";
  /** Signs and sends with this account whatever account is asked for. */
  impostor: LocalAccount | undefined;
  /** Changes a transaction before it is sent. */
  tamper: ((call: Record<string, Hex>) => Record<string, Hex>) | undefined;
  /** Offers its own networks, whatever the app asks for. */
  stubborn = false;
  /** Lets itself be asked to add networks, of which it then allows all that it knows. */
  addsChains = false;
  /** Networks that it allows; all that it knows unless said. */
  allowed: readonly number[] | undefined;
  /** Methods that were asked for, in order. */
  readonly asked: string[] = [];
  #onAsked: (() => void)[] = [];

  private constructor(core: InstanceType<typeof Core>, kit: IWalletKit, options: PhoneOptions) {
    this.#core = core;
    this.#kit = kit;
    this.#options = options;
    kit.on("session_proposal", (proposal) => void this.#onProposal(proposal));
    kit.on("session_request", (request) => void this.#onRequest(request));
  }

  static async start(options: PhoneOptions): Promise<PhoneWallet> {
    process.env["DISABLE_GLOBAL_CORE"] = "true";
    const core = new Core({
      projectId: "0".repeat(32),
      relayUrl: options.relayUrl,
      telemetryEnabled: false,
      logger: "silent",
      customStoragePrefix: "phone",
      storage: memory(),
    });
    // Would ask a server of the internet who the app is.
    core.verify.resolve = async () => undefined as never;
    core.eventClient.init = async () => undefined;
    const metadata = {
      name: "Test Wallet",
      description: "",
      url: "https://wallet.invalid",
      icons: [],
      redirect: { native: "testwallet://" },
    };
    const kit = await WalletKit.init({ core: core as never, metadata });
    return new PhoneWallet(core, kit, options);
  }

  /** The user scans a QR code. */
  async scan(uri: string): Promise<void> {
    await this.#kit.pair({ uri });
  }

  get topics(): string[] {
    return Object.keys(this.#kit.getActiveSessions());
  }

  /** Resolves when the app asks for something. */
  nextRequest(): Promise<void> {
    return new Promise((resolve) => this.#onAsked.push(resolve));
  }

  /** Resolves when the other side ended the session. */
  disconnected(): Promise<void> {
    return new Promise((resolve) => this.#kit.once("session_delete", () => resolve()));
  }

  /** The user ends the connection in the wallet. */
  async disconnect(): Promise<void> {
    for (const topic of this.topics) {
      await this.#kit.disconnectSession({ topic, reason: getSdkError("USER_DISCONNECTED") });
    }
  }

  /** The user picks another network in the wallet. @param knownAs one of the session, to whose topic it is told */
  async switchChain(chainId: number, knownAs = chainId): Promise<void> {
    await this.#emit({ name: "chainChanged", data: chainId }, knownAs);
  }

  /** The user picks another account in the wallet. */
  async switchAccount(account: LocalAccount, chainId: number): Promise<void> {
    await this.#emit({ name: "accountsChanged", data: [account.address] }, chainId);
  }

  /** The user allows other accounts. */
  async allowAccounts(accounts: readonly LocalAccount[]): Promise<void> {
    for (const [topic, session] of Object.entries(this.#kit.getActiveSessions())) {
      const { eip155 } = session.namespaces;
      if (eip155 !== undefined) {
        await this.#kit.updateSession({ topic, namespaces: { eip155: { ...eip155, accounts: this.#caip(accounts) } } });
      }
    }
  }

  async stop(): Promise<void> {
    this.#core.heartbeat.stop();
    await this.#core.relayer.transportClose();
  }

  async #emit(event: { name: string; data: unknown }, chainId: number): Promise<void> {
    for (const topic of this.topics) {
      await this.#kit.emitSessionEvent({ topic, event, chainId: `eip155:${chainId}` });
    }
  }

  #caip(accounts: readonly LocalAccount[]): string[] {
    return this.#chains().flatMap((id) => accounts.map(({ address }) => `eip155:${id}:${address}`));
  }

  #chains(): readonly number[] {
    return this.allowed ?? [...this.#options.networks.keys()];
  }

  async #onProposal({ id, params }: WalletKitTypes.SessionProposal): Promise<void> {
    if (this.proposals === "ignore") {
      return;
    }
    if (this.proposals === "reject") {
      await this.#kit.rejectSession({ id, reason: getSdkError("USER_REJECTED") });
      return;
    }
    const supportedNamespaces = {
      eip155: {
        chains: this.#chains().map((chainId) => `eip155:${chainId}`),
        methods: [
          "eth_sendTransaction",
          "eth_signTypedData_v4",
          "personal_sign",
          ...(this.addsChains ? ["wallet_addEthereumChain"] : []),
        ],
        events: ["accountsChanged", "chainChanged"],
        accounts: this.#caip(this.#options.accounts),
      },
    };
    const namespaces = this.stubborn
      ? supportedNamespaces
      : buildApprovedNamespaces({ proposal: params, supportedNamespaces });
    await this.#kit.approveSession({ id, namespaces });
  }

  async #onRequest({ topic, id, params }: WalletKitTypes.SessionRequest): Promise<void> {
    const { method } = params.request;
    this.asked.push(method);
    for (const listener of this.#onAsked.splice(0)) {
      listener();
    }
    if (this.requests === "ignore") {
      return;
    }
    const answer =
      this.requests === "reject"
        ? { error: getSdkError("USER_REJECTED") }
        : await this.#sign(Number(params.chainId.split(":")[1]), method, params.request.params as unknown[]).then(
            (result) => ({ result }),
            (error: unknown) => ({ error: { code: -32000, message: String(error) } }),
          );
    if (method === "wallet_addEthereumChain" && "result" in answer) {
      await this.#allowChain(topic, Number((params.request.params as { chainId: string }[])[0]?.chainId));
    }
    await this.#kit.respondSessionRequest({ topic, response: { id, jsonrpc: "2.0", ...answer } as never });
  }

  async #allowChain(topic: string, chainId: number): Promise<void> {
    this.allowed = [...this.#chains(), chainId];
    const eip155 = this.#kit.getActiveSessions()[topic]?.namespaces["eip155"];
    if (eip155 !== undefined) {
      const chains = this.#chains().map((id) => `eip155:${id}`);
      const namespaces = { eip155: { ...eip155, chains, accounts: this.#caip(this.#options.accounts) } };
      await this.#kit.updateSession({ topic, namespaces });
    }
  }

  async #sign(chainId: number, method: string, params: readonly unknown[]): Promise<Hex | null> {
    switch (method) {
      case "wallet_addEthereumChain":
        return null;
      case "personal_sign":
        return this.#account(String(params[1])).signMessage({ message: { raw: params[0] as Hex } });
      case "eth_signTypedData_v4":
        return this.#account(String(params[0])).signTypedData(JSON.parse(String(params[1])) as TypedDataDefinition);
      case "eth_sendTransaction": {
        const call = params[0] as Record<string, Hex>;
        const { to, data, value } = this.tamper?.(call) ?? call;
        const rpc = this.#options.networks.get(chainId);
        const client = createWalletClient({ account: this.#account(String(call["from"])), transport: http(rpc) });
        return client.sendTransaction({
          chain: null,
          ...(to !== undefined && { to }),
          ...(data !== undefined && { data }),
          value: BigInt(value ?? 0),
        });
      }
      default:
        throw new Error(`no method ${method}`);
    }
  }

  #account(address: string): LocalAccount {
    const account = this.#options.accounts.find((own) => own.address.toLowerCase() === address.toLowerCase());
    if (account === undefined) {
      throw new Error(`no account ${address}`);
    }
    return this.impostor ?? account;
  }
}

function memory() {
  const items = new Map<string, unknown>();
  return {
    getKeys: async () => [...items.keys()],
    getEntries: async <T>() => [...items] as [string, T][],
    getItem: async <T>(key: string) => structuredClone(items.get(key)) as T | undefined,
    setItem: async <T>(key: string, value: T) => void items.set(key, structuredClone(value)),
    removeItem: async (key: string) => void items.delete(key),
  };
}
