// Pairing with a wallet of WalletConnect's own kit, over a relay on loopback.
import { describe, expect, it } from "vitest";
import { testAccount } from "../support/phone-wallet";
import { App, network, OTHER_CHAIN, troubleOf, useWalletBench } from "./support/wallet-bench";

const bench = useWalletBench();

describe("pairing", () => {
  it("connects by the QR code's link, and asks no server but the relay and the chain", async () => {
    await bench.app.pair();
    expect(bench.app.wallet.session).toMatchObject({
      via: "walletconnect",
      accounts: [testAccount(0).address, testAccount(1).address],
      account: testAccount(0).address,
      chainIds: [bench.devnet.chainId, OTHER_CHAIN],
      chainId: bench.devnet.chainId,
      peer: { name: "Test Wallet", link: "testwallet://" },
    });
    expect(bench.outside).toEqual([]);
  });

  it("ends with a reason when the wallet's user declines", async () => {
    bench.phone.proposals = "reject";
    expect(await troubleOf(bench.app.pair())).toMatchObject({ trouble: "declined" });
    expect(bench.app.wallet.state).toMatchObject({ kind: "disconnected", end: { why: "declined" } });
  });

  it("ends with a reason when nobody answers before the code expires", async () => {
    await bench.app.stop();
    bench.app = new App(bench, { pairingMs: 400 });
    bench.phone.proposals = "ignore";
    expect(await troubleOf(bench.app.wallet.connect())).toMatchObject({ trouble: "expired" });
    expect(bench.app.wallet.state).toMatchObject({ kind: "disconnected", end: { why: "expired" } });
  });

  it("can be cancelled; a wallet that answers afterwards is not connected", async () => {
    bench.phone.proposals = "ignore";
    const connected = bench.app.wallet.connect();
    connected.catch(() => undefined);
    const state = await bench.app.until(({ kind }) => kind === "pairing");
    await bench.app.wallet.cancelPairing();
    expect(await troubleOf(connected)).toMatchObject({ trouble: "declined" });
    expect(bench.app.wallet.state).toEqual({ kind: "disconnected", end: { why: "cancelled", message: "" } });
    expect(state.kind).toBe("pairing");
  });

  it("refuses a wallet that allows no network of the settings", async () => {
    bench.phone.stubborn = true;
    bench.app.networks = [{ ...network(bench.other, "mainland"), chainId: 5_555 }];
    expect(await troubleOf(bench.app.pair())).toMatchObject({
      trouble: "wrong-chain",
      message: expect.stringContaining("mainland"),
    });
    expect(bench.app.wallet.session).toBeUndefined();
  });

  it("says when no relay or no project is set, before anything is sent", async () => {
    bench.app.relayUrl = "";
    expect(await troubleOf(bench.app.wallet.connect())).toMatchObject({
      trouble: "not-configured",
      message: expect.stringContaining("zlayer.wallet.projectId"),
    });
    bench.app.relayUrl = "ws://relay.example";
    expect(await troubleOf(bench.app.wallet.connect())).toMatchObject({
      trouble: "not-configured",
      message: expect.stringContaining("wss://"),
    });
  });
});
