import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Address, Hash } from "viem";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Emitter } from "../../src/bridge/emitter";
import type { Balances } from "../../src/bridge/market/market-client";
import type { MarketNetwork } from "../../src/bridge/market/network";
import type { TransactionRecord, TransactionState } from "../../src/bridge/wallet/transaction-record";
import { WalletFeed } from "../../src/bridge/wallet/wallet-feed";
import type { WalletSession, WalletState } from "../../src/bridge/wallet/wallet-state";
import { parseMessage } from "../../src/protocol/webview-message";
import { type WalletViewMessage, walletViewMessage } from "../../src/protocol/webview-wallet";
import { accessibilityViolations } from "./accessibility";
import { type ThemeName, themeNames, WebviewHarness, type WebviewPage } from "./harness";

/** Directory for pictures of what the tests see; none are taken without it. */
const shots = process.env["WEBVIEW_SHOTS"];
const ONE: Address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const TWO: Address = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const OTT = 10n ** 18n;
const URI = `wc:${"7f".repeat(32)}@2?relay-protocol=irn&symKey=${"5a".repeat(32)}&expiryTimestamp=1900000000`;

let harness: WebviewHarness;
let view: WebviewPage;
let feed: WalletFeed | undefined;

beforeAll(async () => {
  harness = await WebviewHarness.start();
  if (shots !== undefined) {
    mkdirSync(shots, { recursive: true });
  }
});
afterAll(() => harness.stop());
afterEach(async () => {
  feed?.dispose();
  feed = undefined;
  await view.page.context().close();
});

const network = (name: string, chainId: number): MarketNetwork => ({
  name,
  chainId,
  rpcUrl: "http://127.0.0.1:1",
  currency: "ETH",
  isDevnet: chainId === 31337,
  deploymentBlock: 0n,
  addresses: { token: ONE, registry: ONE, market: ONE, distribution: ONE },
});

const session: WalletSession = {
  via: "walletconnect",
  accounts: [ONE, TWO],
  account: ONE,
  chainIds: [31337],
  chainId: 31337,
  peer: { name: "Rainbow", link: "rainbow://" },
  expiresAt: Date.UTC(2027, 5, 1, 12),
};

/** A wallet that a test moves from state to state. */
class FakeWallet {
  readonly changes = new Emitter<WalletState>();
  readonly listChanges = new Emitter<void>();
  readonly networks = [network("devnet", 31337), network("sepolia", 11155111)];
  readonly settings = { projectId: "0".repeat(32), relayUrl: "" };
  state: WalletState = { kind: "disconnected", end: { why: "never", message: "" } };
  all: readonly TransactionRecord[] = [];
  balance: () => Promise<Balances> = () =>
    Promise.resolve({
      native: 9_876n * 10n ** 15n,
      ott: 1_250n * OTT + OTT / 2n,
      allowances: { market: 40n * OTT, registry: 0n, distribution: 12n * OTT + OTT / 4n },
    });

  set(state: WalletState): void {
    this.state = state;
    this.changes.emit(state);
  }

  list(all: readonly TransactionRecord[]): void {
    this.all = all;
    this.listChanges.emit();
  }
}

async function openPanel(
  wallet: FakeWallet,
  options: { theme?: ThemeName; width?: number; height?: number; state?: unknown } = {},
): Promise<WalletViewMessage[]> {
  const received: WalletViewMessage[] = [];
  let ready = (): void => {};
  const isReady = new Promise<void>((resolve) => {
    ready = resolve;
  });
  view = await harness.open("wallet", options, (value) => {
    const parsed = parseMessage(walletViewMessage, value);
    if (!parsed.ok) {
      throw new Error(parsed.problem);
    }
    received.push(parsed.message);
    if (parsed.message.type === "ready") {
      ready();
    }
  });
  await isReady;
  feed = new WalletFeed(
    {
      wallet: {
        get state() {
          return wallet.state;
        },
        onChange: (listener) => wallet.changes.on(listener),
      },
      transactions: {
        get all() {
          return wallet.all;
        },
        onChange: (listener) => wallet.listChanges.on(listener),
      },
      networks: () => wallet.networks,
      settings: () => wallet.settings,
      balances: () => wallet.balance(),
    },
    (message) => void view.post(message).catch(() => undefined),
  );
  feed.ready();
  await view.page.getByRole("heading", { name: "Wallet", exact: true }).waitFor();
  return received;
}

async function shoot(name: string): Promise<void> {
  if (shots !== undefined) {
    await view.page.screenshot({ path: join(shots, `wallet-${name}.png`) });
    // A name with a theme shows that theme only.
    if (!themeNames.some((theme) => name.endsWith(theme))) {
      await view.setTheme("light");
      await view.page.screenshot({ path: join(shots, `wallet-${name}-light.png`) });
      await view.setTheme("dark");
    }
  }
}

async function expectAccessible(): Promise<void> {
  expect(await accessibilityViolations(view.page)).toEqual([]);
  expect(view.faults).toEqual([]);
}

const hashOf = (index: number): Hash => `0x${String(index).padStart(2, "0").repeat(32)}`;

function record(index: number, title: string, state: TransactionState): TransactionRecord {
  return {
    hash: hashOf(index),
    chainId: 31337,
    from: ONE,
    to: TWO,
    title,
    fields: [
      { label: "Escrow", value: "40 OTT" },
      { label: "Contract", value: `the compute market (${ONE})` },
    ],
    sentAt: Date.UTC(2026, 10, 24, 12, index),
    state,
  };
}

const SAMPLE: readonly TransactionRecord[] = [
  record(1, "Post job", { kind: "pending" }),
  record(2, "Accept bid", { kind: "confirmed", block: "12345", costWei: "310000000000000", final: true }),
  record(3, "Stake", {
    kind: "failed",
    block: "12340",
    costWei: "21000000000000",
    reason: "The account has less OTT than it would send. Lower the stake, or get more OTT.",
    final: true,
  }),
  record(4, "Revoke the allowance of the node registry", { kind: "replaced", how: "cancelled", by: hashOf(9) }),
  record(5, "Post job", { kind: "dropped" }),
];

describe("wallet panel", () => {
  it.each(themeNames)("can be read by everybody in the theme %s", async (theme) => {
    const wallet = new FakeWallet();
    wallet.state = { kind: "connected", session };
    wallet.all = SAMPLE;
    await openPanel(wallet, { theme, height: 860 });
    await view.page.getByText("1,250.5 OTT").waitFor();
    await view.page.getByText("Accept bid").click();
    await view.page.getByText("0.00031 ETH").waitFor();
    await shoot(`connected-${theme}`);
    await expectAccessible();
    wallet.set({ kind: "disconnected", end: { why: "never", message: "" } });
    await view.page.getByRole("button", { name: "Connect wallet" }).waitFor();
    await shoot(`disconnected-${theme}`);
    await expectAccessible();
    wallet.set({ kind: "pairing", uri: URI, expiresAt: Date.now() + 290_000 });
    await view.page.getByRole("img", { name: /QR code/ }).waitFor();
    await shoot(`pairing-${theme}`);
    await expectAccessible();
    wallet.set({
      kind: "relay-unreachable",
      since: Date.now(),
      message: "The WalletConnect relay cannot be reached. ZLayer keeps trying.",
      session,
    });
    await view.page.getByText("has to wait").waitFor();
    await shoot(`unreachable-${theme}`);
    await expectAccessible();
  });

  it("says how to begin, and what is missing", async () => {
    const wallet = new FakeWallet();
    wallet.settings.projectId = "";
    wallet.networks.shift();
    const received = await openPanel(wallet);
    await view.page.getByText("zlayer.wallet.projectId").waitFor();
    await view.page.getByText("There is no devnet on this machine").waitFor();
    expect(await view.page.getByRole("button", { name: "Connect wallet" }).isDisabled()).toBe(true);
    await shoot("not-configured");
    await expectAccessible();
    await view.page.getByRole("button", { name: "Open settings" }).click();
    await expect.poll(() => received).toContainEqual({ type: "settings" });
  });

  it("says why there is no wallet any more", async () => {
    const wallet = new FakeWallet();
    wallet.state = {
      kind: "disconnected",
      end: {
        why: "failed",
        message: "Rainbow allowed no account on devnet. Add the network in the wallet and connect again.",
      },
    };
    const received = await openPanel(wallet);
    await view.page.getByRole("alert").filter({ hasText: "allowed no account" }).waitFor();
    await shoot("failed");
    await expectAccessible();
    await view.page.getByRole("button", { name: "Use a funded account" }).click();
    await expect.poll(() => received).toContainEqual({ type: "devnet", accounts: "well-known" });
    wallet.set({ kind: "disconnected", end: { why: "by-wallet", message: "Rainbow ended the connection." } });
    await view.page.getByRole("status").filter({ hasText: "ended the connection" }).waitFor();
    await shoot("ended");
  });

  it("shows the code, and the other ways to a wallet", async () => {
    const wallet = new FakeWallet();
    wallet.state = { kind: "starting", message: "Contacting the WalletConnect relay…" };
    const received = await openPanel(wallet);
    await view.page.getByText("Contacting the WalletConnect relay").waitFor();
    await shoot("starting");
    await expectAccessible();
    wallet.set({ kind: "pairing", uri: URI, expiresAt: Date.now() + 61_000 });
    await view.page.getByText(/valid for [01]:\d\d more/).waitFor();
    await view.page.getByRole("button", { name: "Copy link" }).click();
    await view.page.getByRole("button", { name: "Open wallet" }).click();
    await view.page.getByRole("button", { name: "Cancel" }).click();
    await expect
      .poll(() => received.slice(1))
      .toEqual([{ type: "copyLink" }, { type: "openLink", wallet: null }, { type: "cancel" }]);
    // Dark modules on a light ground, whatever the theme.
    const colours = await view.page
      .locator(".qr-dark, .qr-light")
      .evaluateAll((parts) => parts.map((part) => getComputedStyle(part).fill));
    expect(colours).toEqual(["rgb(255, 255, 255)", "rgb(0, 0, 0)"]);
    wallet.set({
      kind: "relay-unreachable",
      since: Date.now(),
      message: "The WalletConnect relay cannot be reached. ZLayer keeps trying.",
    });
    await view.page.getByText("out of reach since").waitFor();
    await shoot("pairing-unreachable");
    await expectAccessible();
  });

  it("is worked with the keyboard, and keeps the focus while things change", async () => {
    const wallet = new FakeWallet();
    wallet.state = { kind: "connected", session };
    wallet.all = SAMPLE;
    const received = await openPanel(wallet);
    await view.page.getByText("1,250.5 OTT").waitFor();
    await view.page.getByRole("button", { name: "Revoke" }).first().focus();
    await view.page.keyboard.press("Enter");
    await expect.poll(() => received).toContainEqual({ type: "revoke", spender: "market" });
    feed?.setBusy("Waiting for the wallet…");
    await view.page.getByText("Waiting for the wallet…").waitFor();
    await shoot("busy");
    await expectAccessible();
    feed?.setBusy("");
    const summary = view.page.locator("summary", { hasText: "Stake" });
    await summary.focus();
    await view.page.keyboard.press("Enter");
    wallet.list([record(7, "Bid", { kind: "pending" }), ...SAMPLE]);
    await view.page.locator("summary", { hasText: /^Bid/ }).waitFor();
    await expect.poll(() => view.page.evaluate(() => document.activeElement?.textContent)).toContain("Stake");
    expect(await view.page.locator("details[open]").count()).toBe(1);
  });

  it("says what it asks the network for, and what went wrong", async () => {
    const wallet = new FakeWallet();
    wallet.state = { kind: "connected", session: { ...session, via: "devnet", peer: { name: "Devnet account" } } };
    let answer = (_: Error): void => {};
    wallet.balance = () => new Promise((_, reject) => (answer = reject));
    const received = await openPanel(wallet);
    await view.page.getByText("Asking the network").waitFor();
    await view.page.getByText("Devnet only", { exact: true }).waitFor();
    await shoot("loading");
    await expectAccessible();
    answer(new Error("The RPC at 127.0.0.1:8545 cannot be reached. Start the devnet, or mend rpcUrl in the settings."));
    await view.page.getByRole("alert").filter({ hasText: "cannot be reached" }).waitFor();
    await view.page.getByText("Nothing was sent yet").waitFor();
    await shoot("rpc-down");
    await expectAccessible();
    await view.page.getByRole("button", { name: "Try again" }).click();
    await expect.poll(() => received).toContainEqual({ type: "refresh" });
    wallet.balance = () =>
      Promise.resolve({ native: 0n, ott: 0n, allowances: { market: 0n, registry: 0n, distribution: 0n } });
    feed?.refresh();
    await view.page.getByText("cannot pay for a transaction").waitFor();
    await view.page.getByText("No contract may take any").waitFor();
    await shoot("empty");
    await expectAccessible();
    await view.page.getByRole("button", { name: "Get devnet funds" }).click();
    await expect.poll(() => received).toContainEqual({ type: "fund" });
    feed?.setBusy("The devnet sends money…");
    await view.page.locator("vscode-button[data-key=fund][disabled]").waitFor();
  });

  it("offers money on the devnet only", async () => {
    const wallet = new FakeWallet();
    wallet.state = { kind: "connected", session: { ...session, chainIds: [11155111], chainId: 11155111 } };
    await openPanel(wallet);
    await view.page.getByText("1,250.5 OTT").waitFor();
    expect(await view.page.getByRole("button", { name: "Get devnet funds" }).count()).toBe(0);
  });

  it("is usable in a narrow column", async () => {
    const wallet = new FakeWallet();
    wallet.state = { kind: "connected", session };
    wallet.all = SAMPLE;
    await openPanel(wallet, { width: 300, height: 900 });
    await view.page.getByText("1,250.5 OTT").waitFor();
    await shoot("narrow");
    expect(await view.page.locator(".page").evaluate((page) => page.scrollWidth <= page.clientWidth)).toBe(true);
    wallet.set({ kind: "pairing", uri: URI, expiresAt: Date.now() + 290_000 });
    await view.page.getByRole("img", { name: /QR code/ }).waitFor();
    await shoot("narrow-pairing");
    expect(await view.page.locator(".page").evaluate((page) => page.scrollWidth <= page.clientWidth)).toBe(true);
    await expectAccessible();
  });

  it("keeps what was opened over a reload, and shows hostile names as text", async () => {
    const wallet = new FakeWallet();
    wallet.state = {
      kind: "connected",
      session: { ...session, peer: { name: '<img src=x onerror="document.title=1">' } },
    };
    wallet.all = SAMPLE;
    await openPanel(wallet, { state: { open: [hashOf(2)], scroll: 0 } });
    await view.page.getByText("0.00031 ETH").waitFor();
    expect(await view.page.title()).toBe("wallet");
    await view.page.locator("summary", { hasText: "Accept bid" }).click();
    await expect
      .poll(() =>
        view.page.evaluate(() => (window as unknown as { savedState(): { open: string[] } }).savedState().open),
      )
      .toEqual([]);
  });

  it("drops a message that is not in the schema, and tells the host", async () => {
    const received = await openPanel(new FakeWallet());
    await view.post({ type: "state", connection: { kind: "connected", session: { account: "0x1" } } });
    await view.post({ type: "sign", key: "0x" });
    await expect.poll(() => received.filter(({ type }) => type === "problem").length).toBe(2);
    await view.page.getByRole("button", { name: "Connect wallet" }).waitFor();
  });
});
