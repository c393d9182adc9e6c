// The wallet against a wallet of WalletConnect's own kit, over a relay on loopback, down to a transaction that the chain mined.
import { type Address, erc20Abi, getAddress, type Hex, type LocalAccount, maxUint256, parseEther } from "viem";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { MarketNetwork } from "../../src/bridge/market/network";
import { MemorySecrets } from "../../src/bridge/wallet/secret-store";
import { SESSION_KEY } from "../../src/bridge/wallet/session-storage";
import { verifySignIn } from "../../src/bridge/wallet/sign-in";
import type { SigningPrompt, SigningRequest } from "../../src/bridge/wallet/signing-request";
import type { TransactionRecord } from "../../src/bridge/wallet/transaction-record";
import { Transactions } from "../../src/bridge/wallet/transactions";
import { Wallet } from "../../src/bridge/wallet/wallet";
import { findWalletError, type WalletTrouble } from "../../src/bridge/wallet/wallet-error";
import type { WalletState } from "../../src/bridge/wallet/wallet-state";
import { Anvil } from "../support/anvil";
import { PhoneWallet, testAccount } from "../support/phone-wallet";
import { TestRelay } from "../support/relay";

const OTHER_CHAIN = 31338;
const FRIEND: Address = "0x00000000000000000000000000000000DeaDBeef";
const TOKEN: Address = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const MARKET: Address = "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0";

let devnet: Anvil;
let other: Anvil;
let relay: TestRelay;
let phone: PhoneWallet;
let app: App;
const outside: string[] = [];
const realFetch = globalThis.fetch;

/** The extension's side, with what it keeps over restarts. */
class App {
  readonly secrets: MemorySecrets;
  readonly prompts: SigningRequest[] = [];
  readonly problems: string[] = [];
  /** What the user does with the next request. */
  confirms = true;
  /** Aborted when the user no longer waits for the wallet. */
  patience = new AbortController();
  kept: readonly TransactionRecord[] = [];
  relayUrl = relay.url;
  networks: readonly MarketNetwork[];
  wallet: Wallet;
  transactions: Transactions;

  constructor(options: { networks?: readonly MarketNetwork[]; pairingMs?: number; secrets?: MemorySecrets } = {}) {
    this.secrets = options.secrets ?? new MemorySecrets();
    this.networks = options.networks ?? [network(devnet, "devnet"), network(other, "other")];
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
      node: (chainId) => (chainId === devnet.chainId ? devnet.client : other.client) as never,
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
    await phone.scan(state.kind === "pairing" ? state.uri : "");
    await connected;
  }

  client(on: Anvil = devnet) {
    return this.wallet.client(network(on, on === devnet ? "devnet" : "other"));
  }
}

function network(node: Anvil, name: string): MarketNetwork {
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
async function troubleOf(work: Promise<unknown>): Promise<{ trouble: WalletTrouble; message: string }> {
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

async function startPhone(accounts: readonly LocalAccount[] = [testAccount(0), testAccount(1)]): Promise<PhoneWallet> {
  const networks = new Map([
    [devnet.chainId, devnet.url],
    [other.chainId, other.url],
  ]);
  return PhoneWallet.start({ relayUrl: relay.url, accounts, networks });
}

beforeAll(async () => {
  [devnet, other] = await Promise.all([Anvil.start(), Anvil.start(OTHER_CHAIN)]);
  globalThis.fetch = (input, init) => {
    const { hostname, href } = new URL(input instanceof Request ? input.url : String(input));
    if (hostname !== "127.0.0.1") {
      outside.push(href);
    }
    return realFetch(input, init);
  };
});

afterAll(async () => {
  globalThis.fetch = realFetch;
  await Promise.all([devnet?.stop(), other?.stop()]);
});

beforeEach(async () => {
  relay = await TestRelay.start();
  phone = await startPhone();
  app = new App();
});

afterEach(async () => {
  await app.stop();
  await phone.stop();
  await relay.stop();
  expect(app.problems).toEqual([]);
});

describe("pairing", () => {
  it("connects by the QR code's link, and asks no server but the relay and the chain", async () => {
    await app.pair();
    expect(app.wallet.session).toMatchObject({
      via: "walletconnect",
      accounts: [testAccount(0).address, testAccount(1).address],
      account: testAccount(0).address,
      chainIds: [devnet.chainId, OTHER_CHAIN],
      chainId: devnet.chainId,
      peer: { name: "Test Wallet", link: "testwallet://" },
    });
    expect(outside).toEqual([]);
  });

  it("ends with a reason when the wallet's user declines", async () => {
    phone.proposals = "reject";
    expect(await troubleOf(app.pair())).toMatchObject({ trouble: "declined" });
    expect(app.wallet.state).toMatchObject({ kind: "disconnected", end: { why: "declined" } });
  });

  it("ends with a reason when nobody answers before the code expires", async () => {
    await app.stop();
    app = new App({ pairingMs: 400 });
    phone.proposals = "ignore";
    expect(await troubleOf(app.wallet.connect())).toMatchObject({ trouble: "expired" });
    expect(app.wallet.state).toMatchObject({ kind: "disconnected", end: { why: "expired" } });
  });

  it("can be cancelled; a wallet that answers afterwards is not connected", async () => {
    phone.proposals = "ignore";
    const connected = app.wallet.connect();
    connected.catch(() => undefined);
    const state = await app.until(({ kind }) => kind === "pairing");
    await app.wallet.cancelPairing();
    expect(await troubleOf(connected)).toMatchObject({ trouble: "declined" });
    expect(app.wallet.state).toEqual({ kind: "disconnected", end: { why: "cancelled", message: "" } });
    expect(state.kind).toBe("pairing");
  });

  it("refuses a wallet that allows no network of the settings", async () => {
    phone.stubborn = true;
    app.networks = [{ ...network(other, "mainland"), chainId: 5_555 }];
    expect(await troubleOf(app.pair())).toMatchObject({
      trouble: "wrong-chain",
      message: expect.stringContaining("mainland"),
    });
    expect(app.wallet.session).toBeUndefined();
  });

  it("says when no relay or no project is set, before anything is sent", async () => {
    app.relayUrl = "";
    expect(await troubleOf(app.wallet.connect())).toMatchObject({
      trouble: "not-configured",
      message: expect.stringContaining("zlayer.wallet.projectId"),
    });
    app.relayUrl = "ws://relay.example";
    expect(await troubleOf(app.wallet.connect())).toMatchObject({
      trouble: "not-configured",
      message: expect.stringContaining("wss://"),
    });
  });
});

describe("session", () => {
  it("is restored after a restart, also when the relay was restarted, and its secrets are in the secret store only", async () => {
    await app.pair();
    await app.wallet.switchAccount(testAccount(1).address);
    await app.wallet.switchChain(OTHER_CHAIN);
    await app.stop();
    const { port } = relay;
    await relay.stop();
    relay = await TestRelay.start(port);
    expect([...app.secrets.entries.keys()].sort()).toEqual(["zlayer.wallet.choice", SESSION_KEY].sort());
    await app.restart();
    await app.wallet.restore();
    expect(app.wallet.session).toMatchObject({ account: testAccount(1).address, chainId: OTHER_CHAIN });
    await app.until(({ kind }) => kind === "connected");
    const hash = await app.client(other).sendTransaction({ to: FRIEND, value: 1n });
    expect((await other.client.waitForTransactionReceipt({ hash })).from).toBe(testAccount(1).address.toLowerCase());
  });

  it("gives way to another that is connected, also when the change of the kept secret is told late", async () => {
    await app.pair();
    const devnetAccount = app.wallet.connectDevnet("well-known");
    app.wallet.onChange(({ kind }) => void (kind === "disconnected" && app.wallet.restore()));
    expect(await devnetAccount).toMatchObject({ via: "devnet" });
    expect(app.wallet.session).toMatchObject({ via: "devnet" });
  });

  it("does not load the protocol when there is none", async () => {
    await app.restart();
    await app.wallet.restore();
    expect(app.wallet.state).toEqual({ kind: "disconnected", end: { why: "never", message: "" } });
    expect(relay.methods.has("irn_subscribe")).toBe(false);
  });

  it("that expired while the editor was closed is gone, with a reason", async () => {
    await app.pair();
    await app.stop();
    const kept = JSON.parse(app.secrets.entries.get(SESSION_KEY) ?? "[]") as [string, { expiry: number }[]][];
    for (const [key, value] of kept) {
      if (key.endsWith("//session")) {
        value.forEach((session) => {
          session.expiry = 1_000_000;
        });
      }
    }
    app.secrets.entries.set(SESSION_KEY, JSON.stringify(kept));
    await app.restart();
    await app.wallet.restore();
    expect(app.wallet.state).toMatchObject({ kind: "disconnected", end: { why: "expired" } });
  });

  it("that expires while the editor is open ends with a reason, and asks for nothing any more", async () => {
    await app.pair();
    const expiresAt = app.wallet.session?.expiresAt ?? 0;
    vi.useFakeTimers({ toFake: ["Date"], now: expiresAt + 1_000 });
    try {
      expect(await app.until(({ kind }) => kind === "disconnected")).toMatchObject({ end: { why: "expired" } });
    } finally {
      vi.useRealTimers();
    }
    expect(() => app.client()).toThrow("No wallet is connected");
    await app.restart();
    await app.wallet.restore();
    expect(app.wallet.session).toBeUndefined();
  });

  it("is shared by two windows: each signs, and what one ends is ended in the other", async () => {
    await app.pair();
    const second = new App({ secrets: app.secrets });
    await second.wallet.restore();
    await second.until(({ kind }) => kind === "connected");
    expect(second.wallet.session?.account).toBe(app.wallet.session?.account);
    const hashes = [
      await second.client().sendTransaction({ to: FRIEND, value: 3n }),
      await app.client().sendTransaction({ to: FRIEND, value: 4n }),
    ];
    for (const hash of hashes) {
      expect((await devnet.client.waitForTransactionReceipt({ hash })).status).toBe("success");
    }
    await app.wallet.disconnect();
    // The editor tells each window that the kept secret has changed.
    await second.wallet.restore();
    expect((await second.until(({ kind }) => kind === "disconnected")).kind).toBe("disconnected");
    await app.pair();
    await second.wallet.restore();
    await second.until(({ kind }) => kind === "connected");
    await second.stop();
    expect(app.wallet.session).toBeDefined();
    expect(second.problems).toEqual([]);
  });

  it("asks the wallet to add a network that it does not know, and goes on there", async () => {
    phone.addsChains = true;
    phone.allowed = [devnet.chainId];
    await app.pair();
    expect(app.wallet.session?.chainIds).toEqual([devnet.chainId]);
    await app.wallet.switchChain(OTHER_CHAIN);
    expect(phone.asked).toEqual(["wallet_addEthereumChain"]);
    expect(app.wallet.session).toMatchObject({ chainId: OTHER_CHAIN, chainIds: [devnet.chainId, OTHER_CHAIN] });
    const hash = await app.client(other).sendTransaction({ to: FRIEND, value: 1n });
    expect((await other.client.waitForTransactionReceipt({ hash })).status).toBe("success");
  });

  it("stays on its network when the wallet adds none", async () => {
    phone.addsChains = true;
    phone.allowed = [devnet.chainId];
    await app.pair();
    phone.requests = "reject";
    expect(await troubleOf(app.wallet.switchChain(OTHER_CHAIN))).toMatchObject({ trouble: "declined" });
    expect(app.wallet.session?.chainId).toBe(devnet.chainId);
  });

  it("says what to do when the wallet cannot be asked to add a network", async () => {
    phone.allowed = [devnet.chainId];
    await app.pair();
    expect(await troubleOf(app.wallet.switchChain(OTHER_CHAIN))).toMatchObject({
      trouble: "wrong-chain",
      message: expect.stringContaining("add the network in the wallet"),
    });
  });

  it("ends on both sides when it is ended here", async () => {
    await app.pair();
    const gone = phone.disconnected();
    await app.wallet.disconnect();
    await gone;
    expect(phone.topics).toEqual([]);
    expect(app.wallet.state).toMatchObject({ kind: "disconnected", end: { why: "here" } });
    await app.restart();
    await app.wallet.restore();
    expect(app.wallet.session).toBeUndefined();
  });

  it("ends here when it is ended in the wallet, and what was asked is answered", async () => {
    await app.pair();
    phone.requests = "ignore";
    const asked = phone.nextRequest();
    const sent = troubleOf(app.client().sendTransaction({ to: FRIEND, value: 1n }));
    await asked;
    await phone.disconnect();
    expect(await sent).toMatchObject({ trouble: "disconnected" });
    const state = await app.until(({ kind }) => kind === "disconnected");
    expect(state).toMatchObject({ end: { why: "by-wallet", message: "Test Wallet ended the connection." } });
  });

  it("follows the wallet to another account and network, and back", async () => {
    await app.pair();
    await phone.switchAccount(testAccount(1), devnet.chainId);
    await app.until(() => app.wallet.session?.account === testAccount(1).address);
    await phone.switchChain(OTHER_CHAIN);
    await app.until(() => app.wallet.session?.chainId === OTHER_CHAIN);
    await phone.allowAccounts([testAccount(0)]);
    await app.until(() => app.wallet.session?.accounts.length === 1);
    expect(app.wallet.session?.account).toBe(testAccount(0).address);
    expect(await troubleOf(app.wallet.switchAccount(testAccount(1).address))).toMatchObject({
      trouble: "wrong-account",
    });
    expect(await troubleOf(app.wallet.switchChain(1))).toMatchObject({ trouble: "wrong-chain" });
  });
});

describe("relay outage", () => {
  it("is shown, refuses requests at once, and ends by itself", async () => {
    await app.pair();
    const { port } = relay;
    await relay.stop();
    const state = await app.until(({ kind }) => kind === "relay-unreachable");
    expect(state).toMatchObject({ session: { account: testAccount(0).address } });
    expect(await troubleOf(app.client().sendTransaction({ to: FRIEND, value: 1n }))).toMatchObject({
      trouble: "relay-unreachable",
    });
    relay = await TestRelay.start(port);
    await app.until(({ kind }) => kind === "connected");
    const hash = await app.client().sendTransaction({ to: FRIEND, value: 1n });
    expect((await devnet.client.waitForTransactionReceipt({ hash })).status).toBe("success");
  });

  it("does not keep a session from being ended here", async () => {
    await app.pair();
    const { port } = relay;
    await relay.stop();
    await app.until(({ kind }) => kind === "relay-unreachable");
    await app.wallet.disconnect();
    await app.restart();
    await app.wallet.restore();
    expect(app.wallet.session).toBeUndefined();
    relay = await TestRelay.start(port);
  });

  it("while pairing is waited out: the code comes when the relay is there", async () => {
    const { port } = relay;
    await relay.stop();
    const connected = app.wallet.connect();
    connected.catch(() => undefined);
    const down = await app.until(({ kind }) => kind === "relay-unreachable");
    expect(down).not.toHaveProperty("session");
    relay = await TestRelay.start(port);
    const state = await app.until(({ kind }) => kind === "pairing");
    await phone.scan(state.kind === "pairing" ? state.uri : "");
    expect(await connected).toMatchObject({ account: testAccount(0).address });
  });
});

describe("signing", () => {
  it("sends a transaction that the chain mines, after the user has read it; the list knows what became of it", async () => {
    await app.pair();
    const before = await devnet.client.getBalance({ address: FRIEND });
    const hash = await app.client().sendTransaction({ to: FRIEND, value: parseEther("1.5") });
    const receipt = await devnet.client.waitForTransactionReceipt({ hash });
    expect(receipt.status).toBe("success");
    expect((await devnet.client.getBalance({ address: FRIEND })) - before).toBe(parseEther("1.5"));
    expect(app.prompts).toEqual([
      expect.objectContaining({
        kind: "transaction",
        title: "Send 1.5 ETH",
        network: "devnet",
        wallet: "Test Wallet",
        account: testAccount(0).address,
        costWei: expect.any(BigInt),
      }),
    ]);
    await expect.poll(() => app.transactions.all[0]?.state.kind).toBe("confirmed");
    expect(app.kept[0]).toMatchObject({ hash, title: "Send 1.5 ETH", state: { kind: "confirmed" } });
  });

  it("asks for nothing that the user does not confirm, and says when they decline in the wallet", async () => {
    await app.pair();
    app.confirms = false;
    expect(await troubleOf(app.client().sendTransaction({ to: FRIEND, value: 1n }))).toMatchObject({
      trouble: "declined",
    });
    expect(phone.asked).toEqual([]);
    app.confirms = true;
    phone.requests = "reject";
    expect(await troubleOf(app.client().sendTransaction({ to: FRIEND, value: 1n }))).toEqual({
      trouble: "declined",
      message: "You declined it in Test Wallet. Nothing was signed.",
    });
    expect(app.transactions.all).toEqual([]);
  });

  it("stops waiting for a wallet when the user does", async () => {
    await app.pair();
    phone.requests = "ignore";
    const asked = phone.nextRequest();
    const sent = troubleOf(app.client().sendTransaction({ to: FRIEND, value: 1n }));
    await asked;
    app.patience.abort();
    expect(await sent).toMatchObject({ trouble: "declined", message: expect.stringContaining("stopped waiting") });
  });

  it("finds out that a wallet signed with another account", async () => {
    await app.pair();
    phone.impostor = testAccount(5);
    const [zero, five] = [testAccount(0).address, testAccount(5).address];
    expect(await troubleOf(app.client().signTypedData(permit(devnet.chainId, 10n)))).toEqual({
      trouble: "wrong-account",
      message: `Test Wallet signed as ${five} instead of ${zero}. The signature was thrown away; choose the account ${zero} in the wallet and try again.`,
    });
    expect(await troubleOf(app.client().sendTransaction({ to: FRIEND, value: 1n }))).toMatchObject({
      trouble: "wrong-account",
      message: expect.stringContaining(`from ${five} instead of ${zero}`),
    });
  });

  it("finds out that a wallet sent another transaction than it was asked for", async () => {
    await app.pair();
    phone.tamper = (call) => ({ ...call, value: "0x2" });
    expect(await troubleOf(app.client().sendTransaction({ to: FRIEND, value: 1n }))).toMatchObject({
      trouble: "wallet-failed",
    });
  });

  it("is refused on another network than the wallet is set to, or than the node serves, or than the message names", async () => {
    await app.pair();
    expect(await troubleOf(app.client(other).sendTransaction({ to: FRIEND, value: 1n }))).toMatchObject({
      trouble: "wrong-chain",
    });
    const lying = { ...network(devnet, "devnet"), rpcUrl: other.url };
    expect(
      await troubleOf(app.wallet.client(lying).sendTransaction({ to: FRIEND, value: 1n, chain: null })),
    ).toMatchObject({
      trouble: "wrong-chain",
      message: expect.stringContaining(`serves network ${OTHER_CHAIN}, not ${devnet.chainId}`),
    });
    expect(await troubleOf(app.client().signTypedData(permit(1, 10n)))).toMatchObject({ trouble: "wrong-chain" });
    await phone.switchChain(77, devnet.chainId);
    await app.until(() => app.wallet.session?.chainId === 77);
    expect(await troubleOf(app.client().signTypedData(permit(devnet.chainId, 10n)))).toMatchObject({
      trouble: "wrong-chain",
    });
    expect(phone.asked).toEqual([]);
  });

  it("is exact: an allowance of everything is refused, one of an amount is asked for", async () => {
    await app.pair();
    const approve = (amount: bigint) =>
      app.client().writeContract({ abi: erc20Abi, address: TOKEN, functionName: "approve", args: [MARKET, amount] });
    expect(await troubleOf(approve(maxUint256))).toMatchObject({ trouble: "unlimited-allowance" });
    expect(await troubleOf(app.client().signTypedData(permit(devnet.chainId, maxUint256)))).toMatchObject({
      trouble: "unlimited-allowance",
    });
    expect(phone.asked).toEqual([]);
    await app.client().signTypedData(permit(devnet.chainId, parseEther("12.5")));
    expect(app.prompts[0]).toMatchObject({
      title: "Sign “Permit”",
      fields: expect.arrayContaining([
        { label: "Spender", value: `the compute market (${MARKET})` },
        { label: "Value", value: "12.5 OTT" },
        { label: "Contract", value: `the OTT token (${TOKEN})` },
      ]),
    });
  });

  it("is never blind", async () => {
    await app.pair();
    const client = app.client();
    const hash: Hex = `0x${"11".repeat(32)}`;
    const [account] = await client.getAddresses();
    expect(account).toBe(testAccount(0).address);
    const request = client.request as (call: { method: string; params: unknown[] }) => Promise<unknown>;
    for (const method of ["eth_sign", "eth_signTransaction", "eth_signTypedData_v3"]) {
      expect(await troubleOf(request({ method, params: [account, hash] }))).toMatchObject({
        trouble: "blind-signature",
      });
    }
    expect(await troubleOf(client.signMessage({ message: { raw: hash } }))).toMatchObject({
      trouble: "blind-signature",
    });
    expect(await troubleOf(client.sendTransaction({ to: MARKET, data: "0xdeadbeef" }))).toMatchObject({
      trouble: "blind-signature",
    });
    expect(phone.asked).toEqual([]);
  });

  it("signs in to a remote API for one deployment and a while", async () => {
    await app.pair();
    const on = network(devnet, "devnet");
    const { message, signature } = await app.wallet.signIn(
      { host: "node.example:3669", deployment: "shop", ms: 60_000 },
      on,
    );
    const expected = { host: "node.example:3669", deployment: "shop" };
    expect(await verifySignIn(message, signature, expected)).toBe(testAccount(0).address);
    expect(app.prompts[0]).toMatchObject({ kind: "sign-in", title: "Sign in to node.example:3669" });
    expect(await troubleOf(verifySignIn(message, signature, { ...expected, deployment: "bank" }))).toMatchObject({
      trouble: "invalid-request",
    });
    expect(await troubleOf(verifySignIn(message, signature, { ...expected, now: Date.now() + 61_000 }))).toMatchObject({
      trouble: "invalid-request",
    });
  });

  it("derives the same mesh key at each start, another for each purpose and epoch", async () => {
    await app.pair();
    const on = network(devnet, "devnet");
    const request = { purpose: "node", network: "home", epoch: 0 } as const;
    const key = await app.wallet.deriveMeshKey(request, on);
    expect(phone.asked).toEqual(["eth_signTypedData_v4", "eth_signTypedData_v4"]);
    expect(await app.wallet.deriveMeshKey(request, on)).toEqual(key);
    expect((await app.wallet.deriveMeshKey({ ...request, epoch: 1 }, on)).publicKey).not.toBe(key.publicKey);
  });
});

describe("devnet account", () => {
  it("signs on the devnet, is kept, and is refused anywhere else", async () => {
    const session = await app.wallet.connectDevnet("well-known");
    expect(session).toMatchObject({ via: "devnet", account: testAccount(0).address, chainIds: [31337] });
    await app.wallet.switchAccount(testAccount(3).address);
    const hash = await app.client().sendTransaction({ to: FRIEND, value: 7n });
    expect((await devnet.client.waitForTransactionReceipt({ hash })).from).toBe(testAccount(3).address.toLowerCase());
    expect(app.prompts[0]?.via).toBe("devnet");
    expect(await troubleOf(app.wallet.switchChain(OTHER_CHAIN))).toMatchObject({ trouble: "wrong-chain" });
    expect(await troubleOf(app.client(other).sendTransaction({ to: FRIEND, value: 1n }))).toMatchObject({
      trouble: "wrong-chain",
    });
    await app.restart();
    await app.wallet.restore();
    expect(app.wallet.session?.account).toBe(testAccount(3).address);
  });

  it("of this machine keeps its key in the secret store", async () => {
    const { account } = await app.wallet.connectDevnet("own");
    await app.wallet.disconnect();
    expect((await app.wallet.connectDevnet("own")).account).toBe(account);
    await devnet.client.setBalance({ address: account, value: parseEther("1") });
    const hash = await app.client().sendTransaction({ to: FRIEND, value: 1n });
    expect((await devnet.client.waitForTransactionReceipt({ hash })).from).toBe(account.toLowerCase());
  });
});

/** An EIP-2612 permit for the market, from the first account. */
function permit(chainId: number, value: bigint) {
  return {
    domain: { name: "OtherThing Token", version: "1", chainId, verifyingContract: TOKEN },
    types: {
      Permit: [
        { name: "owner", type: "address" },
        { name: "spender", type: "address" },
        { name: "value", type: "uint256" },
        { name: "nonce", type: "uint256" },
        { name: "deadline", type: "uint256" },
      ],
    },
    primaryType: "Permit",
    message: { owner: getAddress(testAccount(0).address), spender: MARKET, value, nonce: 0n, deadline: 1_900_000_000n },
  } as const;
}
