import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { acceptBid, start } from "../market/actions";
import { OTT, RATE, useMarket } from "../market/testing/market";
import { AutoBidder } from "../operator/auto-bidder";
import { type BidPolicy, NO_POLICY } from "../operator/policy";
import { TestDesk } from "./testing/desk";

const ETHER = 10n ** 18n;
const started = useMarket();
let operator: TestDesk;
let developer: TestDesk;

beforeEach(async () => {
  const market = started();
  await market.register(market.accounts.rival);
  operator = new TestDesk(market, market.accounts.rival.address);
  developer = new TestDesk(market, market.accounts.developer.address);
  await operator.ready(market);
  await operator.until(() => operator.hub.node !== undefined);
});

afterEach(async () => {
  await operator.stop();
  await developer.stop();
});

/** A key of this machine that the operator's wallet has allowed, with money for fees. */
async function withKey(fees = ETHER): Promise<void> {
  expect(await operator.desk.node({ kind: "createKey", fees: String(fees) })).toBe(true);
  await operator.until(() => operator.key.state.kind === "here" && operator.key.state.fees === fees);
  operator.asked.length = 0;
}

const keyAddress = () => {
  const { state } = operator.key;
  return state.kind === "none" ? undefined : state.address;
};

/** A job that serves the operator's node, running for ten minutes. */
async function running(): Promise<bigint> {
  const market = started();
  const { developer: posting, rival } = market.accounts;
  const jobId = await market.post({ receiptKey: await developer.book(market.client).newKey() });
  await market.bid(jobId, rival);
  await market.send(acceptBid(market.client, { from: posting.address, jobId, node: rival.address, rate: RATE }));
  await market.send(start(market.client, { from: rival.address, jobId }));
  await market.passSeconds(600);
  await operator.ready(market);
  await developer.ready(market);
  return jobId;
}

describe("operator key", () => {
  it("is allowed by the wallet once, and then bids without it", async () => {
    const market = started();
    await operator.desk.node({ kind: "createKey", fees: String(ETHER) });
    expect(operator.asked).toEqual(["Set the delegate key", "Send money for fees"]);
    await operator.until(() => operator.key.state.kind === "here");
    operator.asked.length = 0;
    const jobId = await market.post();
    await operator.reaches(jobId, "open");
    expect(await operator.desk.job(jobId, { kind: "bid", rate: String(RATE), validity: 600 })).toBe(true);
    expect(operator.asked).toEqual([]);
    expect((await market.follow()).bids(jobId)).toMatchObject([{ node: market.accounts.rival.address, rate: RATE }]);
    const left = await market.client.chain.getBalance({ address: keyAddress() ?? "0x" });
    expect(left).toBeLessThan(ETHER);
  });

  it("leaves it to the wallet when it has no money for fees", async () => {
    await withKey(0n);
    const jobId = await started().post();
    await operator.reaches(jobId, "open");
    expect(await operator.desk.job(jobId, { kind: "bid", rate: String(RATE), validity: 600 })).toBe(true);
    expect(operator.asked).toEqual(["Bid for job 1"]);
    await operator.desk.node({ kind: "addFees", amount: String(ETHER) });
    await operator.until(() => operator.key.state.kind === "here" && operator.key.state.fees === ETHER);
    expect(await operator.desk.job(jobId, { kind: "withdrawBid" })).toBe(true);
    expect(operator.asked).toEqual(["Bid for job 1", "Send money for fees"]);
  });

  it("is worth nothing once it is revoked, and what was left comes back", async () => {
    const market = started();
    await withKey();
    const { rival } = market.accounts;
    const signer = await operator.key.wallet(market.network, rival.address);
    const address = keyAddress() ?? "0x";
    const before = await market.client.chain.getBalance({ address: rival.address });
    expect(await operator.desk.node({ kind: "revokeKey" })).toBe(true);
    expect(operator.asked).toEqual(["Remove the delegate key"]);
    expect((await market.client.chain.getBalance({ address: rival.address })) - before).toBeGreaterThan(
      (ETHER * 9n) / 10n,
    );
    expect(await market.client.chain.getBalance({ address })).toBeLessThan(ETHER / 100n);
    await operator.until(() => operator.key.state.kind === "none");
    expect([...operator.secrets.entries.keys()].filter((name) => name.includes("operator.key"))).toEqual([]);
    expect(signer).toBeDefined();
  });

  it("of another machine is told apart", async () => {
    const market = started();
    await withKey();
    const elsewhere = new TestDesk(market, market.accounts.rival.address);
    await elsewhere.until(() => elsewhere.key.state.kind === "elsewhere");
    expect(elsewhere.key.state).toEqual({ kind: "elsewhere", address: keyAddress() });
    expect(await elsewhere.key.wallet(market.network, market.accounts.rival.address)).toBeUndefined();
    await elsewhere.stop();
  });

  it("signs no more than a delegate's work, whoever asks it", async () => {
    const market = started();
    await withKey();
    const { rival, stranger } = market.accounts;
    const signer = await operator.key.wallet(market.network, rival.address);
    if (signer === undefined) {
      throw new Error("no key");
    }
    const { token, market: contract, registry } = market.network.addresses;
    const refused = (work: Promise<unknown>) => expect(work).rejects.toThrow("The operator key does not sign");
    await refused(signer.sendTransaction({ gas: 100_000n, to: stranger.address, value: 1n }));
    await refused(signer.sendTransaction({ gas: 100_000n, to: token, data: `0xa9059cbb${"00".repeat(64)}` }));
    await refused(signer.sendTransaction({ gas: 100_000n, to: registry, data: `0x3ccfd60b` }));
    await refused(signer.sendTransaction({ gas: 100_000n, to: contract, data: "0x", value: 1n }));
    await refused(signer.signMessage({ message: "hello" }));
    const domain = { chainId: market.network.chainId, verifyingContract: token };
    const types = { Permit: [{ name: "owner", type: "address" }] } as const;
    await refused(signer.signTypedData({ domain, types, primaryType: "Permit", message: { owner: rival.address } }));
    const receipt = { Receipt: [{ name: "jobId", type: "uint256" }] } as const;
    await refused(signer.signTypedData({ domain, types: receipt, primaryType: "Receipt", message: { jobId: 1n } }));
  });
});

describe("bidding by policy", () => {
  const policy: BidPolicy = { ...NO_POLICY, enabled: true, floorPerMillicore: RATE / 2_000n };

  async function bidderOf(now: () => BidPolicy): Promise<AutoBidder> {
    const { hub, desk, key } = operator;
    return new AutoBidder({ hub, desk, key, policy: now, onPolicy: () => () => undefined });
  }

  it("asks nobody with an operator key: a job is posted, and the bid is there", async () => {
    const market = started();
    await withKey();
    const bidder = await bidderOf(() => policy);
    const placed = new Promise<void>((resolve) => bidder.onChange(() => bidder.status.includes("1 bid") && resolve()));
    const jobId = await market.post();
    await placed;
    expect((await market.follow()).bids(jobId)).toMatchObject([{ rate: (RATE * 12n) / 20n }]);
    expect(operator.asked).toEqual([]);
    expect(bidder.status).toContain("1 bid since the window was opened. Your operator key signs them.");
    bidder.dispose();
  });

  it("waits for money for fees, and says so", async () => {
    await withKey(0n);
    const bidder = await bidderOf(() => policy);
    const jobId = await started().post();
    await operator.reaches(jobId, "open");
    expect(bidder.status).toContain("no money for fees");
    expect(operator.works.filter(({ key }) => key.startsWith("bid"))).toEqual([]);
    const placed = operator.until(() => (operator.hub.client?.store.bids(jobId).length ?? 0) > 0);
    await operator.desk.node({ kind: "addFees", amount: String(ETHER) });
    await placed;
    bidder.dispose();
  });

  it("says what is in the way", async () => {
    const off = await bidderOf(() => NO_POLICY);
    expect(off.status).toContain("Switched off");
    const on = await bidderOf(() => policy);
    expect(on.status).toContain("Your wallet asks for each");
    operator.switchTo(started().accounts.stranger.address);
    expect(on.status).toContain("register or resume");
    off.dispose();
    on.dispose();
  });
});

describe("receipts between the two sides", () => {
  it("are signed by the operator's key, pasted by the developer, and settle the job", async () => {
    const market = started();
    await withKey();
    const jobId = await running();
    const before = await market.balance(market.accounts.rival.address);
    expect(await operator.desk.job(jobId, { kind: "signReceipt", usedSeconds: 600, isFinal: true })).toBe(true);
    expect(operator.asked).toEqual([]);
    developer.pastes = JSON.parse(operator.handed[0] ?? "");
    expect(await developer.desk.job(jobId, { kind: "settle" })).toBe(true);
    const paid = RATE * 600n;
    expect((await market.balance(market.accounts.rival.address)) - before).toBe(paid - (paid * 200n) / 10_000n);
  });

  it("go back signed by both sides, and the node settles with them", async () => {
    const market = started();
    const jobId = await running();
    await operator.desk.job(jobId, { kind: "signReceipt", usedSeconds: 300, isFinal: false });
    expect(operator.asked).toEqual(["Sign a receipt of job 1"]);
    developer.pastes = JSON.parse(operator.handed[0] ?? "");
    expect(await developer.desk.job(jobId, { kind: "countersign" })).toBe(true);
    operator.pastes = JSON.parse(developer.handed[0] ?? "");
    expect(await operator.desk.job(jobId, { kind: "settle" })).toBe(true);
    expect((await market.job(jobId, "settled")).settlement).toMatchObject({ usedSeconds: 300 });
  });

  it("are refused when more was used than served, when they are no receipts, and when the other side did not sign", async () => {
    const jobId = await running();
    await operator.desk.job(jobId, { kind: "signReceipt", usedSeconds: 100_000, isFinal: true });
    expect(operator.last).toMatchObject({ status: "failed", message: expect.stringContaining("in service for") });
    developer.pastes = { jobId: "1" };
    await developer.desk.job(jobId, { kind: "settle" });
    expect(developer.last).toMatchObject({ status: "failed", message: expect.stringContaining("This is no receipt") });
    await operator.desk.job(jobId, { kind: "signReceipt", usedSeconds: 10, isFinal: true });
    expect(operator.last).toMatchObject({ status: "done" });
    const sent = JSON.parse(operator.handed[0] ?? "") as Record<string, unknown>;
    operator.pastes = { ...sent, developerSignature: sent["nodeSignature"] };
    await operator.desk.job(jobId, { kind: "settle" });
    expect(operator.last).toMatchObject({ status: "failed", message: expect.stringContaining("did not sign") });
    developer.pastes = undefined;
    await developer.desk.job(jobId, { kind: "countersign" });
    expect(developer.last).toMatchObject({ status: "rejected" });
    developer.pastes = sent;
    developer.confirms = false;
    await developer.desk.job(jobId, { kind: "settle" });
    expect(developer.last).toMatchObject({ status: "rejected", message: expect.stringContaining("not signed") });
  });

  it("let a job run longer with the node's consent", async () => {
    const market = started();
    const jobId = await running();
    const seconds = 3_600;
    await operator.desk.job(jobId, { kind: "signExtension", seconds });
    developer.extension = operator.handed[0] as `0x${string}`;
    const amount = String(RATE * BigInt(seconds));
    expect(await developer.desk.job(jobId, { kind: "extend", seconds, amount })).toBe(true);
    expect((await market.job(jobId, "running")).maxDuration).toBe(7_200 + seconds);
  });
});

describe("what cannot be done", () => {
  it("is told: no wallet, no such job, a publisher that nobody can reach off the devnet", async () => {
    operator.switchTo(undefined);
    await operator.desk.job(1n, { kind: "cancel" });
    expect(operator.last).toMatchObject({
      key: "cancel 1",
      status: "failed",
      message: expect.stringContaining("No wallet"),
    });
    await developer.ready(started());
    await developer.desk.job(99n, { kind: "cancel" });
    expect(developer.last).toMatchObject({ status: "failed", message: expect.stringContaining("There is no job #99") });
  });

  it("a node registers, adds to its stake, unbonds and keeps it, pauses and resumes by its wallet", async () => {
    const market = started();
    const { node } = market.accounts;
    operator.switchTo(node.address);
    const capacity = { millicores: 4_000, mebibytes: 8_192, gpus: 0, gpuModel: "", region: "DE", labels: 0 };
    expect(await operator.desk.node({ kind: "register", capacity, stake: String(500n * OTT) })).toBe(true);
    await operator.until(() => operator.hub.node?.status === "active");
    expect(await operator.desk.node({ kind: "stake", amount: String(OTT) })).toBe(true);
    expect(await operator.desk.node({ kind: "unbond", amount: String(2n * OTT) })).toBe(true);
    expect(await operator.desk.node({ kind: "cancelUnbonding" })).toBe(true);
    expect(await operator.desk.node({ kind: "pause" })).toBe(true);
    await operator.until(() => operator.hub.node?.status === "paused");
    expect(await operator.desk.node({ kind: "resume" })).toBe(true);
    expect(await operator.desk.node({ kind: "exit" })).toBe(true);
    await operator.until(() => operator.hub.node?.status === "exited");
    expect((await market.follow()).node(node.address)?.unbonding).toBe(501n * OTT);
  });
});
