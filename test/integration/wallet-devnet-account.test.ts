// Accounts of the devnet, with keys on this machine.
import { parseEther } from "viem";
import { describe, expect, it } from "vitest";
import { testAccount } from "../support/phone-wallet";
import { FRIEND, OTHER_CHAIN, troubleOf, useWalletBench } from "./support/wallet-bench";

const bench = useWalletBench();

describe("devnet account", () => {
  it("signs on the devnet, is kept, and is refused anywhere else", async () => {
    const session = await bench.app.wallet.connectDevnet("well-known");
    expect(session).toMatchObject({ via: "devnet", account: testAccount(0).address, chainIds: [31337] });
    await bench.app.wallet.switchAccount(testAccount(3).address);
    const hash = await bench.app.client().sendTransaction({ to: FRIEND, value: 7n });
    expect((await bench.devnet.client.waitForTransactionReceipt({ hash })).from).toBe(
      testAccount(3).address.toLowerCase(),
    );
    expect(bench.app.prompts[0]?.via).toBe("devnet");
    expect(await troubleOf(bench.app.wallet.switchChain(OTHER_CHAIN))).toMatchObject({ trouble: "wrong-chain" });
    expect(await troubleOf(bench.app.client(bench.other).sendTransaction({ to: FRIEND, value: 1n }))).toMatchObject({
      trouble: "wrong-chain",
    });
    await bench.app.restart();
    await bench.app.wallet.restore();
    expect(bench.app.wallet.session?.account).toBe(testAccount(3).address);
  });

  it("of this machine keeps its key in the secret store", async () => {
    const { account } = await bench.app.wallet.connectDevnet("own");
    await bench.app.wallet.disconnect();
    expect((await bench.app.wallet.connectDevnet("own")).account).toBe(account);
    await bench.devnet.client.setBalance({ address: account, value: parseEther("1") });
    const hash = await bench.app.client().sendTransaction({ to: FRIEND, value: 1n });
    expect((await bench.devnet.client.waitForTransactionReceipt({ hash })).from).toBe(account.toLowerCase());
  });
});
