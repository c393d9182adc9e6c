import { createWalletClient, http } from "viem";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { approve, bid, cancel, postJob } from "./actions";
import { chainOf, connect } from "./chain";
import { createMarketClient } from "./create-market-client";
import type { MarketClient } from "./market-client";
import { FaultProxy } from "./testing/fault-proxy";
import { OTT, RATE, useMarket } from "./testing/market";

describe("sending", { timeout: 30_000 }, () => {
  const market = useMarket((each) => each.register());
  let proxy: FaultProxy;
  let client: MarketClient;

  beforeEach(async () => {
    proxy = await FaultProxy.start(market().anvil);
    const network = { ...market().network, rpcUrl: proxy.rpcUrl };
    client = createMarketClient({ network, chain: connect(network, 1_000) });
    client.chain.pollingInterval = 20;
  });
  afterEach(async () => {
    await market().test.setAutomine(true);
    await proxy.stop();
  });
  const approval = (sum = OTT) =>
    approve(client, { from: market().accounts.developer.address, spender: "market", sum });
  const developer = () => market().wallet(market().accounts.developer.address);

  it("confirms, with the block and what it cost", async () => {
    const sent = await (await approval()).send(developer());
    const receipt = await market().client.chain.waitForTransactionReceipt({ hash: sent.hash });
    expect(await sent.wait()).toEqual({
      kind: "confirmed",
      hash: sent.hash,
      block: receipt.blockNumber,
      cost: receipt.gasUsed * receipt.effectiveGasPrice,
    });
  });

  it("gives each of several at once a nonce of its own", async () => {
    const prepared = await Promise.all([approval(1n), approval(2n), approval(3n)]);
    const sent = await Promise.all(prepared.map((each) => each.send(developer())));
    const outcomes = await Promise.all(sent.map((each) => each.wait()));
    expect(outcomes.map(({ kind }) => kind)).toEqual(["confirmed", "confirmed", "confirmed"]);
  });

  it("says why a transaction reverted that would have worked when it was sent", async () => {
    const jobId = await market().post();
    const { node, developer: owner } = market().accounts;
    const bidding = await bid(client, {
      from: node.address,
      jobId,
      node: node.address,
      rate: RATE,
      validUntil: (await market().now()) + 600,
    });
    const cancelling = await cancel(client, { from: owner.address, jobId });
    await market().test.setAutomine(false);
    // The cancellation pays more, and comes first in the block.
    const first = await developer().sendTransaction({
      to: cancelling.to,
      data: cancelling.data,
      maxPriorityFeePerGas: 10n ** 11n,
      maxFeePerGas: 10n ** 12n,
    });
    const sent = await bidding.send(market().wallet(node.address));
    await market().test.mine({ blocks: 1 });
    await market().client.chain.waitForTransactionReceipt({ hash: first });
    expect(await sent.wait()).toMatchObject({
      kind: "reverted",
      reason: expect.stringContaining("cannot be done while the job is cancelled"),
    });
  });

  it.each([
    ["repriced", (to: string, data: string) => ({ to, data })],
    ["cancelled", (_to: string, _data: string, self: string) => ({ to: self, value: 0n })],
    ["other", (_to: string, _data: string, _self: string, other: string) => ({ to: other, value: 1n })],
  ] as const)("notices that it was %s by the wallet", async (how, replacement) => {
    await market().test.setAutomine(false);
    const prepared = await approval();
    const sent = await prepared.send(developer());
    const { nonce } = await market().client.chain.getTransaction({ hash: sent.hash });
    const { address } = market().accounts.developer;
    const request = replacement(prepared.to, prepared.data, address, market().accounts.node.address);
    const by = await developer().sendTransaction({
      ...(request as { to: `0x${string}` }),
      nonce,
      gas: prepared.gas,
      maxFeePerGas: prepared.maxFeePerGas * 3n + 10n ** 10n,
      maxPriorityFeePerGas: prepared.maxPriorityFeePerGas * 3n + 10n ** 9n,
    });
    await market().test.mine({ blocks: 3 });
    expect(await sent.wait()).toMatchObject({ kind: "replaced", how, by, outcome: "confirmed" });
  });

  it("notices that it was dropped", async () => {
    await market().test.setAutomine(false);
    const sent = await (await approval()).send(developer());
    await market().test.dropTransaction({ hash: sent.hash });
    expect(await sent.wait()).toEqual({ kind: "dropped", hash: sent.hash });
  });

  it("waits out an RPC that fails in the meantime, and can be told to stop", async () => {
    await market().test.setAutomine(false);
    const sent = await (await approval()).send(developer());
    let failures = 0;
    proxy.before = ({ method }) =>
      method === "eth_getTransactionReceipt" && failures++ < 3 ? { status: 500 } : undefined;
    const stop = new AbortController();
    const stopped = sent.wait({ signal: stop.signal });
    stop.abort();
    await expect(stopped).rejects.toMatchObject({ name: "AbortError" });
    await market().test.mine({ blocks: 1 });
    expect((await sent.wait()).kind).toBe("confirmed");
  });

  it("sends nothing when it would not work any more", async () => {
    const jobId = await market().post();
    const cancelling = await cancel(client, { from: market().accounts.developer.address, jobId });
    await market().send(cancel(client, { from: market().accounts.developer.address, jobId }));
    proxy.forget();
    await expect(cancelling.send(developer())).rejects.toThrow("cannot be done while the job is cancelled");
    expect(proxy.count("eth_sendRawTransaction")).toBe(0);
  });

  it("sends nothing with a wallet on another chain or of another account", async () => {
    const prepared = await approval();
    const { network, accounts } = market();
    const elsewhere = createWalletClient({
      account: accounts.developer,
      chain: chainOf({ ...network, chainId: 1 }),
      transport: http(network.rpcUrl),
    });
    await expect(prepared.send(elsewhere)).rejects.toMatchObject({
      code: "wrong-chain",
      message: expect.stringContaining('The wallet is on chain 1, but the network "devnet" is chain 31337'),
    });
    await expect(prepared.send(market().wallet(accounts.node.address))).rejects.toMatchObject({
      code: "wrong-account",
    });
  });

  it("sends nothing when the RPC has changed its chain since", async () => {
    const prepared = await approval();
    proxy.before = ({ method }) => (method === "eth_chainId" ? { result: "0x1" } : undefined);
    await expect(prepared.send(developer())).rejects.toMatchObject({ code: "wrong-chain" });
    expect(proxy.count("eth_sendRawTransaction")).toBe(0);
  });

  it("says how much is missing for the fee", async () => {
    const { stranger } = market().accounts;
    await market().test.setBalance({ address: stranger.address, value: 1_000n });
    const preparing = approve(client, { from: stranger.address, spender: "market", sum: OTT });
    await expect(preparing).rejects.toMatchObject({ code: "insufficient-funds" });
  });

  it.each<[string, FaultProxy["before"], string, string]>([
    ["is down", () => ({ status: 502 }), "rpc-unreachable", "cannot be reached: it answers with status 502"],
    ["does not answer", () => "silence", "rpc-slow", "did not answer in time"],
    [
      "gets too many requests",
      () => ({ status: 429, headers: { "retry-after": "30" } }),
      "rate-limited",
      "gets too many requests. Try again in 30 s",
    ],
    ["answers nonsense", () => ({ status: 200, body: "<html>" }), "rpc-unreachable", "cannot be reached"],
  ])("says so when the RPC %s", async (_what, fault, code, message) => {
    proxy.before = fault;
    await expect(approval()).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });

  it("says so when nothing listens", async () => {
    const network = { ...market().network, rpcUrl: "http://127.0.0.1:1" };
    const deaf = createMarketClient({ network });
    const posting = postJob(deaf, { from: market().accounts.developer.address, terms: await market().terms() });
    await expect(posting).rejects.toThrow("The RPC at 127.0.0.1:1 cannot be reached: there is no answer.");
  });

  it.each<
    [string, (own: MarketClient["network"]["addresses"]) => Partial<MarketClient["network"]["addresses"]>, string]
  >([
    [
      "nothing is at an address",
      () => ({ market: `0x${"12".repeat(20)}` }),
      "for the compute market holds no contract",
    ],
    ["another contract is there", ({ token }) => ({ market: token }), "for the compute market holds another contract"],
    ["two addresses are swapped", (own) => ({ registry: own.market, market: own.registry }), "another"],
  ])("says so when %s", async (_what, change, message) => {
    const { network, accounts } = market();
    const wrong = createMarketClient({
      network: { ...network, addresses: { ...network.addresses, ...change(network.addresses) } },
    });
    const preparing = approve(wrong, { from: accounts.developer.address, spender: "market", sum: OTT });
    await expect(preparing).rejects.toMatchObject({
      code: "wrong-contract",
      message: expect.stringContaining(message),
    });
  });

  it("says so when a contract belongs to another deployment", async () => {
    const { network, accounts } = market();
    const own = network.addresses.token.toLowerCase().slice(2);
    proxy.after = ({ method, params }, result) =>
      method === "eth_call" &&
      String((params?.[0] as { to?: string } | undefined)?.to).toLowerCase() ===
        network.addresses.registry.toLowerCase()
        ? String(result).replace(own, "34".repeat(20))
        : result;
    const preparing = approve(client, { from: accounts.developer.address, spender: "market", sum: OTT });
    await expect(preparing).rejects.toThrow(/for the node registry belongs to another deployment/);
  });
});
