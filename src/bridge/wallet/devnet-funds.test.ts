import { parseEther } from "viem";
import { afterEach, describe, expect, it } from "vitest";
import { startAnvil } from "../market/testing/anvil";
import { FaultProxy } from "../market/testing/fault-proxy";
import { newAccount, OTT, useMarket } from "../market/testing/market";
import { DevnetAccounts } from "./devnet-account";
import { fundDevnetAccount } from "./devnet-funds";
import { MemorySecrets } from "./secret-store";

describe("fundDevnetAccount", () => {
  const market = useMarket();
  const stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) {
      await stop();
    }
  });

  it("lets the key of this machine pay for its first transaction", async () => {
    const { network, client } = market();
    const wallet = await DevnetAccounts.open("own", new MemorySecrets());
    const [account = "0x"] = wallet.addresses;
    expect(await client.balances(account)).toMatchObject({ native: 0n, ott: 0n });
    expect(await fundDevnetAccount(network, account)).toEqual({ native: parseEther("10"), ott: 10_000n * OTT });
    expect(await client.balances(account)).toMatchObject({ native: parseEther("10"), ott: 10_000n * OTT });
    const hash = await wallet.request(
      {
        account,
        chainId: network.chainId,
        method: "eth_sendTransaction",
        params: [{ to: market().accounts.stranger.address, value: "0x1" }],
      },
      network,
    );
    expect(hash).toMatch(/^0x[0-9a-f]{64}$/);
  });

  it("gives OTT again, and never lowers a balance", async () => {
    const { network, client, accounts } = market();
    const { address } = accounts.stranger;
    const before = await client.balances(address);
    await fundDevnetAccount(network, address);
    await fundDevnetAccount(network, address);
    expect(await client.balances(address)).toMatchObject({ native: before.native, ott: 20_000n * OTT });
  });

  it("is refused on every other network before anything is sent", async () => {
    const proxy = await FaultProxy.start(market().anvil);
    stops.push(() => proxy.stop());
    const sepolia = { ...market().network, name: "sepolia", chainId: 11155111, rpcUrl: proxy.rpcUrl };
    await expect(fundDevnetAccount(sepolia, newAccount().address)).rejects.toMatchObject({
      trouble: "wrong-chain",
      message:
        "Money is given away on the devnet (chain 31337) only, but “sepolia” is chain 11155111. Switch the wallet to the devnet.",
    });
    expect(proxy.calls).toEqual([]);
  });

  it("is refused where the node serves another chain than the settings say", async () => {
    const other = await startAnvil(["--chain-id", "5"]);
    stops.push(() => other.stop());
    const network = { ...market().network, rpcUrl: other.rpcUrl };
    await expect(fundDevnetAccount(network, newAccount().address)).rejects.toThrow(
      /only, but the node at .* serves chain 5/,
    );
  });

  it("says so when the node is no anvil, and when there is no OTT left", async () => {
    const proxy = await FaultProxy.start(market().anvil);
    stops.push(() => proxy.stop());
    const network = { ...market().network, rpcUrl: proxy.rpcUrl };
    proxy.before = ({ method }) =>
      method === "anvil_setBalance" ? { error: { code: -32601, message: "Method not found" } } : undefined;
    await expect(fundDevnetAccount(network, newAccount().address)).rejects.toThrow("it is no anvil");
    proxy.before = ({ method }) => (method === "eth_call" ? { result: `0x${"00".repeat(32)}` } : undefined);
    await expect(fundDevnetAccount(network, newAccount().address)).rejects.toThrow("no OTT left to give away");
  });
});
