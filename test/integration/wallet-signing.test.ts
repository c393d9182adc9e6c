// What the wallet signs and what it never does, down to a transaction that the chain mined.
import { erc20Abi, getAddress, type Hex, maxUint256, parseEther } from "viem";
import { describe, expect, it } from "vitest";
import { verifySignIn } from "../../src/bridge/wallet/sign-in";
import { meshKeyOf, signInWith } from "../../src/bridge/wallet/wallet-identity";
import { testAccount } from "../support/phone-wallet";
import { FRIEND, MARKET, network, OTHER_CHAIN, TOKEN, troubleOf, useWalletBench } from "./support/wallet-bench";

const bench = useWalletBench();

describe("signing", () => {
  it("sends a transaction that the chain mines, after the user has read it; the list knows what became of it", async () => {
    await bench.app.pair();
    const before = await bench.devnet.client.getBalance({ address: FRIEND });
    const hash = await bench.app.client().sendTransaction({ to: FRIEND, value: parseEther("1.5") });
    const receipt = await bench.devnet.client.waitForTransactionReceipt({ hash });
    expect(receipt.status).toBe("success");
    expect((await bench.devnet.client.getBalance({ address: FRIEND })) - before).toBe(parseEther("1.5"));
    expect(bench.app.prompts).toEqual([
      expect.objectContaining({
        kind: "transaction",
        title: "Send 1.5 ETH",
        network: "devnet",
        wallet: "Test Wallet",
        account: testAccount(0).address,
        costWei: expect.any(BigInt),
      }),
    ]);
    await expect.poll(() => bench.app.transactions.all[0]?.state.kind).toBe("confirmed");
    expect(bench.app.kept[0]).toMatchObject({ hash, title: "Send 1.5 ETH", state: { kind: "confirmed" } });
  });

  it("asks for nothing that the user does not confirm, and says when they decline in the wallet", async () => {
    await bench.app.pair();
    bench.app.confirms = false;
    expect(await troubleOf(bench.app.client().sendTransaction({ to: FRIEND, value: 1n }))).toMatchObject({
      trouble: "declined",
    });
    expect(bench.phone.asked).toEqual([]);
    bench.app.confirms = true;
    bench.phone.requests = "reject";
    expect(await troubleOf(bench.app.client().sendTransaction({ to: FRIEND, value: 1n }))).toEqual({
      trouble: "declined",
      message: "You declined it in Test Wallet. Nothing was signed.",
    });
    expect(bench.app.transactions.all).toEqual([]);
  });

  it("stops waiting for a wallet when the user does", async () => {
    await bench.app.pair();
    bench.phone.requests = "ignore";
    const asked = bench.phone.nextRequest();
    const sent = troubleOf(bench.app.client().sendTransaction({ to: FRIEND, value: 1n }));
    await asked;
    bench.app.patience.abort();
    expect(await sent).toMatchObject({ trouble: "declined", message: expect.stringContaining("stopped waiting") });
  });

  it("finds out that a wallet signed with another account", async () => {
    await bench.app.pair();
    bench.phone.impostor = testAccount(5);
    const [zero, five] = [testAccount(0).address, testAccount(5).address];
    expect(await troubleOf(bench.app.client().signTypedData(permit(bench.devnet.chainId, 10n)))).toEqual({
      trouble: "wrong-account",
      message: `Test Wallet signed as ${five} instead of ${zero}. The signature was thrown away; choose the account ${zero} in the wallet and try again.`,
    });
    expect(await troubleOf(bench.app.client().sendTransaction({ to: FRIEND, value: 1n }))).toMatchObject({
      trouble: "wrong-account",
      message: expect.stringContaining(`from ${five} instead of ${zero}`),
    });
  });

  it("finds out that a wallet sent another transaction than it was asked for", async () => {
    await bench.app.pair();
    bench.phone.tamper = (call) => ({ ...call, value: "0x2" });
    expect(await troubleOf(bench.app.client().sendTransaction({ to: FRIEND, value: 1n }))).toMatchObject({
      trouble: "wallet-failed",
    });
  });

  it("is refused on another network than the wallet is set to, or than the node serves, or than the message names", async () => {
    await bench.app.pair();
    expect(await troubleOf(bench.app.client(bench.other).sendTransaction({ to: FRIEND, value: 1n }))).toMatchObject({
      trouble: "wrong-chain",
    });
    const lying = { ...network(bench.devnet, "devnet"), rpcUrl: bench.other.url };
    expect(
      await troubleOf(bench.app.wallet.client(lying).sendTransaction({ to: FRIEND, value: 1n, chain: null })),
    ).toMatchObject({
      trouble: "wrong-chain",
      message: expect.stringContaining(`serves network ${OTHER_CHAIN}, not ${bench.devnet.chainId}`),
    });
    expect(await troubleOf(bench.app.client().signTypedData(permit(1, 10n)))).toMatchObject({ trouble: "wrong-chain" });
    await bench.phone.switchChain(77, bench.devnet.chainId);
    await bench.app.until(() => bench.app.wallet.session?.chainId === 77);
    expect(await troubleOf(bench.app.client().signTypedData(permit(bench.devnet.chainId, 10n)))).toMatchObject({
      trouble: "wrong-chain",
    });
    expect(bench.phone.asked).toEqual([]);
  });

  it("is exact: an allowance of everything is refused, one of an amount is asked for", async () => {
    await bench.app.pair();
    const approve = (amount: bigint) =>
      bench.app
        .client()
        .writeContract({ abi: erc20Abi, address: TOKEN, functionName: "approve", args: [MARKET, amount] });
    expect(await troubleOf(approve(maxUint256))).toMatchObject({ trouble: "unlimited-allowance" });
    expect(await troubleOf(bench.app.client().signTypedData(permit(bench.devnet.chainId, maxUint256)))).toMatchObject({
      trouble: "unlimited-allowance",
    });
    expect(bench.phone.asked).toEqual([]);
    await bench.app.client().signTypedData(permit(bench.devnet.chainId, parseEther("12.5")));
    expect(bench.app.prompts[0]).toMatchObject({
      title: "Sign “Permit”",
      fields: expect.arrayContaining([
        { label: "Spender", value: `the compute market (${MARKET})` },
        { label: "Value", value: "12.5 OTT" },
        { label: "Contract", value: `the OTT token (${TOKEN})` },
      ]),
    });
  });

  it("is never blind", async () => {
    await bench.app.pair();
    const client = bench.app.client();
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
    expect(bench.phone.asked).toEqual([]);
  });

  it("signs in to a remote API for one deployment and a while", async () => {
    await bench.app.pair();
    const on = network(bench.devnet, "devnet");
    const { message, signature } = await signInWith(
      bench.app.wallet,
      { host: "node.example:3669", deployment: "shop", ms: 60_000 },
      on,
    );
    const expected = { host: "node.example:3669", deployment: "shop" };
    expect(await verifySignIn(message, signature, expected)).toBe(testAccount(0).address);
    expect(bench.app.prompts[0]).toMatchObject({ kind: "sign-in", title: "Sign in to node.example:3669" });
    expect(await troubleOf(verifySignIn(message, signature, { ...expected, deployment: "bank" }))).toMatchObject({
      trouble: "invalid-request",
    });
    expect(await troubleOf(verifySignIn(message, signature, { ...expected, now: Date.now() + 61_000 }))).toMatchObject({
      trouble: "invalid-request",
    });
  });

  it("derives the same mesh key at each start, another for each purpose and epoch", async () => {
    await bench.app.pair();
    const on = network(bench.devnet, "devnet");
    const request = { purpose: "node", network: "home", epoch: 0 } as const;
    const key = await meshKeyOf(bench.app.wallet, request, on);
    expect(bench.phone.asked).toEqual(["eth_signTypedData_v4", "eth_signTypedData_v4"]);
    expect(await meshKeyOf(bench.app.wallet, request, on)).toEqual(key);
    expect((await meshKeyOf(bench.app.wallet, { ...request, epoch: 1 }, on)).publicKey).not.toBe(key.publicKey);
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
