// The wallet while WalletConnect's relay is out of reach.
import { describe, expect, it } from "vitest";
import { testAccount } from "../support/phone-wallet";
import { TestRelay } from "../support/relay";
import { FRIEND, troubleOf, useWalletBench } from "./support/wallet-bench";

const bench = useWalletBench();

describe("relay outage", () => {
  it("is shown, refuses requests at once, and ends by itself", async () => {
    await bench.app.pair();
    const { port } = bench.relay;
    await bench.relay.stop();
    const state = await bench.app.until(({ kind }) => kind === "relay-unreachable");
    expect(state).toMatchObject({ session: { account: testAccount(0).address } });
    expect(await troubleOf(bench.app.client().sendTransaction({ to: FRIEND, value: 1n }))).toMatchObject({
      trouble: "relay-unreachable",
    });
    bench.relay = await TestRelay.start(port);
    await bench.app.until(({ kind }) => kind === "connected");
    const hash = await bench.app.client().sendTransaction({ to: FRIEND, value: 1n });
    expect((await bench.devnet.client.waitForTransactionReceipt({ hash })).status).toBe("success");
  });

  it("does not keep a session from being ended here", async () => {
    await bench.app.pair();
    const { port } = bench.relay;
    await bench.relay.stop();
    await bench.app.until(({ kind }) => kind === "relay-unreachable");
    await bench.app.wallet.disconnect();
    await bench.app.restart();
    await bench.app.wallet.restore();
    expect(bench.app.wallet.session).toBeUndefined();
    bench.relay = await TestRelay.start(port);
  });

  it("while pairing is waited out: the code comes when the relay is there", async () => {
    const { port } = bench.relay;
    await bench.relay.stop();
    const connected = bench.app.wallet.connect();
    connected.catch(() => undefined);
    const down = await bench.app.until(({ kind }) => kind === "relay-unreachable");
    expect(down).not.toHaveProperty("session");
    bench.relay = await TestRelay.start(port);
    const state = await bench.app.until(({ kind }) => kind === "pairing");
    await bench.phone.scan(state.kind === "pairing" ? state.uri : "");
    expect(await connected).toMatchObject({ account: testAccount(0).address });
  });
});
