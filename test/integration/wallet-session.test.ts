// A session with a wallet over its life: restarts, windows, networks, accounts, and either side that ends it.
import { describe, expect, it, vi } from "vitest";
import { SESSION_KEY } from "../../src/bridge/wallet/session-storage";
import { testAccount } from "../support/phone-wallet";
import { TestRelay } from "../support/relay";
import { App, FRIEND, OTHER_CHAIN, troubleOf, useWalletBench } from "./support/wallet-bench";

const bench = useWalletBench();

describe("session", () => {
  it("is restored after a restart, also when the relay was restarted, and its secrets are in the secret store only", async () => {
    await bench.app.pair();
    await bench.app.wallet.switchAccount(testAccount(1).address);
    await bench.app.wallet.switchChain(OTHER_CHAIN);
    await bench.app.stop();
    const { port } = bench.relay;
    await bench.relay.stop();
    bench.relay = await TestRelay.start(port);
    expect([...bench.app.secrets.entries.keys()].sort()).toEqual(["zlayer.wallet.choice", SESSION_KEY].sort());
    await bench.app.restart();
    await bench.app.wallet.restore();
    expect(bench.app.wallet.session).toMatchObject({ account: testAccount(1).address, chainId: OTHER_CHAIN });
    await bench.app.until(({ kind }) => kind === "connected");
    const hash = await bench.app.client(bench.other).sendTransaction({ to: FRIEND, value: 1n });
    expect((await bench.other.client.waitForTransactionReceipt({ hash })).from).toBe(
      testAccount(1).address.toLowerCase(),
    );
  });

  it("gives way to another that is connected, also when the change of the kept secret is told late", async () => {
    await bench.app.pair();
    const devnetAccount = bench.app.wallet.connectDevnet("well-known");
    bench.app.wallet.onChange(({ kind }) => void (kind === "disconnected" && bench.app.wallet.restore()));
    expect(await devnetAccount).toMatchObject({ via: "devnet" });
    expect(bench.app.wallet.session).toMatchObject({ via: "devnet" });
  });

  it("does not load the protocol when there is none", async () => {
    await bench.app.restart();
    await bench.app.wallet.restore();
    expect(bench.app.wallet.state).toEqual({ kind: "disconnected", end: { why: "never", message: "" } });
    expect(bench.relay.methods.has("irn_subscribe")).toBe(false);
  });

  it("that expired while the editor was closed is gone, with a reason", async () => {
    await bench.app.pair();
    await bench.app.stop();
    const kept = JSON.parse(bench.app.secrets.entries.get(SESSION_KEY) ?? "[]") as [string, { expiry: number }[]][];
    for (const [key, value] of kept) {
      if (key.endsWith("//session")) {
        value.forEach((session) => {
          session.expiry = 1_000_000;
        });
      }
    }
    bench.app.secrets.entries.set(SESSION_KEY, JSON.stringify(kept));
    await bench.app.restart();
    await bench.app.wallet.restore();
    expect(bench.app.wallet.state).toMatchObject({ kind: "disconnected", end: { why: "expired" } });
  });

  it("that expires while the editor is open ends with a reason, and asks for nothing any more", async () => {
    await bench.app.pair();
    const expiresAt = bench.app.wallet.session?.expiresAt ?? 0;
    vi.useFakeTimers({ toFake: ["Date"], now: expiresAt + 1_000 });
    try {
      expect(await bench.app.until(({ kind }) => kind === "disconnected")).toMatchObject({ end: { why: "expired" } });
    } finally {
      vi.useRealTimers();
    }
    expect(() => bench.app.client()).toThrow("No wallet is connected");
    await bench.app.restart();
    await bench.app.wallet.restore();
    expect(bench.app.wallet.session).toBeUndefined();
  });

  it("is shared by two windows: each signs, and what one ends is ended in the other", async () => {
    await bench.app.pair();
    const second = new App(bench, { secrets: bench.app.secrets });
    await second.wallet.restore();
    await second.until(({ kind }) => kind === "connected");
    expect(second.wallet.session?.account).toBe(bench.app.wallet.session?.account);
    const hashes = [
      await second.client().sendTransaction({ to: FRIEND, value: 3n }),
      await bench.app.client().sendTransaction({ to: FRIEND, value: 4n }),
    ];
    for (const hash of hashes) {
      expect((await bench.devnet.client.waitForTransactionReceipt({ hash })).status).toBe("success");
    }
    await bench.app.wallet.disconnect();
    // The editor tells each window that the kept secret has changed.
    await second.wallet.restore();
    expect((await second.until(({ kind }) => kind === "disconnected")).kind).toBe("disconnected");
    await bench.app.pair();
    await second.wallet.restore();
    await second.until(({ kind }) => kind === "connected");
    await second.stop();
    expect(bench.app.wallet.session).toBeDefined();
    expect(second.problems).toEqual([]);
  });

  it("asks the wallet to add a network that it does not know, and goes on there", async () => {
    bench.phone.addsChains = true;
    bench.phone.allowed = [bench.devnet.chainId];
    await bench.app.pair();
    expect(bench.app.wallet.session?.chainIds).toEqual([bench.devnet.chainId]);
    await bench.app.wallet.switchChain(OTHER_CHAIN);
    expect(bench.phone.asked).toEqual(["wallet_addEthereumChain"]);
    expect(bench.app.wallet.session).toMatchObject({
      chainId: OTHER_CHAIN,
      chainIds: [bench.devnet.chainId, OTHER_CHAIN],
    });
    const hash = await bench.app.client(bench.other).sendTransaction({ to: FRIEND, value: 1n });
    expect((await bench.other.client.waitForTransactionReceipt({ hash })).status).toBe("success");
  });

  it("stays on its network when the wallet adds none", async () => {
    bench.phone.addsChains = true;
    bench.phone.allowed = [bench.devnet.chainId];
    await bench.app.pair();
    bench.phone.requests = "reject";
    expect(await troubleOf(bench.app.wallet.switchChain(OTHER_CHAIN))).toMatchObject({ trouble: "declined" });
    expect(bench.app.wallet.session?.chainId).toBe(bench.devnet.chainId);
  });

  it("says what to do when the wallet cannot be asked to add a network", async () => {
    bench.phone.allowed = [bench.devnet.chainId];
    await bench.app.pair();
    expect(await troubleOf(bench.app.wallet.switchChain(OTHER_CHAIN))).toMatchObject({
      trouble: "wrong-chain",
      message: expect.stringContaining("add the network in the wallet"),
    });
  });

  it("ends on both sides when it is ended here", async () => {
    await bench.app.pair();
    const gone = bench.phone.disconnected();
    await bench.app.wallet.disconnect();
    await gone;
    expect(bench.phone.topics).toEqual([]);
    expect(bench.app.wallet.state).toMatchObject({ kind: "disconnected", end: { why: "here" } });
    await bench.app.restart();
    await bench.app.wallet.restore();
    expect(bench.app.wallet.session).toBeUndefined();
  });

  it("ends here when it is ended in the wallet, and what was asked is answered", async () => {
    await bench.app.pair();
    bench.phone.requests = "ignore";
    const asked = bench.phone.nextRequest();
    const sent = troubleOf(bench.app.client().sendTransaction({ to: FRIEND, value: 1n }));
    await asked;
    await bench.phone.disconnect();
    expect(await sent).toMatchObject({ trouble: "disconnected" });
    const state = await bench.app.until(({ kind }) => kind === "disconnected");
    expect(state).toMatchObject({ end: { why: "by-wallet", message: "Test Wallet ended the connection." } });
  });

  it("follows the wallet to another account and network, and back", async () => {
    await bench.app.pair();
    await bench.phone.switchAccount(testAccount(1), bench.devnet.chainId);
    await bench.app.until(() => bench.app.wallet.session?.account === testAccount(1).address);
    await bench.phone.switchChain(OTHER_CHAIN);
    await bench.app.until(() => bench.app.wallet.session?.chainId === OTHER_CHAIN);
    await bench.phone.allowAccounts([testAccount(0)]);
    await bench.app.until(() => bench.app.wallet.session?.accounts.length === 1);
    expect(bench.app.wallet.session?.account).toBe(testAccount(0).address);
    expect(await troubleOf(bench.app.wallet.switchAccount(testAccount(1).address))).toMatchObject({
      trouble: "wrong-account",
    });
    expect(await troubleOf(bench.app.wallet.switchChain(1))).toMatchObject({ trouble: "wrong-chain" });
  });
});
