// A job from the form to its payment, in the real VS Code: a chain of the test's own, a relay, and a wallet of WalletConnect's own kit.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FrameLocator } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { approve, bid, decide, start, submitProof } from "../../src/bridge/market/actions";
import { type Receipt, receiptTypedData } from "../../src/bridge/market/receipts";
import { entry, leafOf } from "../../src/bridge/market/testing/claims";
import { OTT, SPEC_CID, TestMarket } from "../../src/bridge/market/testing/market";
import { PhoneWallet } from "../support/phone-wallet";
import { TestRelay } from "../support/relay";
import { packagedExtension, Server } from "./driver/server";
import { Workbench } from "./driver/workbench";
import { copySample } from "./sample";

/** 3.6 OTT an hour. */
const HIGHEST = OTT / 1_000n;
const PRICE = (HIGHEST * 8n) / 10n;
const HOUR = 3_600;

let directory: string;
let market: TestMarket;
let relay: TestRelay;
let phone: PhoneWallet;
let server: Server;
let window: Workbench;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "zl-market-"));
  const { folder } = await copySample(directory);
  market = await TestMarket.start();
  const { developer, node, rival } = market.accounts;
  // The job is to be paid by permit alone.
  await market.send(approve(market.client, { from: developer.address, spender: "market", sum: 0n }));
  await market.register(node);
  await market.register(rival);
  relay = await TestRelay.start();
  const { network } = market;
  phone = await PhoneWallet.start({
    relayUrl: relay.url,
    accounts: [developer],
    networks: new Map([[network.chainId, network.rpcUrl]]),
  });
  const { name, chainId, rpcUrl, wsUrl, addresses, deploymentBlock } = network;
  server = await Server.start({
    name: "market",
    vsix: await packagedExtension(),
    settings: {
      "zlayer.market.networks": { [name]: { chainId, rpcUrl, wsUrl, block: Number(deploymentBlock), ...addresses } },
      "zlayer.wallet.relayUrl": relay.url,
      "zlayer.wallet.projectId": "0".repeat(32),
      "window.dialogStyle": "custom",
    },
  });
  window = await Workbench.open(server.url, folder);
  await window.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await window.openFile("hello.zlayer.yml");
});

afterAll(async () => {
  await window?.screenshot("market-last");
  await window?.close();
  await server?.close();
  await phone?.stop();
  await relay?.stop();
  await market?.stop();
  await rm(directory, { recursive: true, force: true });
});

const panel = (): Promise<FrameLocator> => window.webview(".tabs");
const field = async (key: string) => (await panel()).locator(`vscode-text-field[data-field="${key}"] input`);
const lastJob = (): Promise<bigint> =>
  market.follow().then((store) => store.jobs({ sort: { by: "id", descending: true }, limit: 1 }).rows[0]?.id ?? 0n);

/** Fills the form and asks for the job. */
async function post(): Promise<void> {
  await window.palette("ZLayer: Post Job");
  await (await panel()).getByRole("button", { name: "Post Job" }).waitFor();
  await (await field("price")).fill("3.6");
  await (await field("hours")).fill("1");
  await (await panel()).locator("vscode-button", { hasText: "Post Job" }).click();
}

async function bidBy(jobId: bigint, account: { readonly address: `0x${string}` }, rate: bigint): Promise<void> {
  const validUntil = (await market.now()) + HOUR;
  await market.send(bid(market.client, { from: account.address, jobId, node: account.address, rate, validUntil }));
}

/** A receipt of the node alone, as it sends it. */
async function nodeReceipt(jobId: bigint, usedSeconds: number): Promise<string> {
  const receipt: Receipt = {
    jobId,
    sequence: 1,
    usedSeconds,
    amount: PRICE * BigInt(usedSeconds),
    usageRoot: `0x${"11".repeat(32)}`,
    isFinal: true,
  };
  const nodeSignature = await market.accounts.node.signTypedData(receiptTypedData(market.network, receipt));
  return JSON.stringify({ ...receipt, jobId: String(jobId), amount: String(receipt.amount), nodeSignature });
}

/** Posts the same job once more. */
async function postAnother(jobId: bigint): Promise<void> {
  await window.palette("ZLayer: Post Job");
  await (await panel()).locator("vscode-button", { hasText: "Post Job" }).click();
  await window.pressInDialog("Sign");
  await window.pressInDialog("Continue");
  await (await panel()).getByRole("heading", { name: `Job #${jobId}`, exact: true }).waitFor();
}

async function acceptFirst(): Promise<void> {
  const shown = await panel();
  await shown.getByRole("button", { name: "Accept the bid" }).first().click();
  await window.pressInDialog("Continue");
  await shown.locator(".job-head .state.assigned").waitFor();
}

describe("the market", () => {
  test("a wallet is connected by the link of its QR code", async () => {
    await window.palette("ZLayer: Connect Wallet");
    await window.pick("Your wallet");
    const wallet = await window.webview("svg, canvas, .qr");
    await wallet.locator("vscode-button", { hasText: "Copy link" }).click();
    await expect.poll(() => window.page.evaluate<string>("navigator.clipboard.readText()")).toMatch(/^wc:/);
    await window.screenshot("market-1-connect");
    await phone.scan(await window.page.evaluate<string>("navigator.clipboard.readText()"));
    await window.page.locator(".statusbar-item", { hasText: market.accounts.developer.address.slice(0, 6) }).waitFor();
  });

  test("a refusal in the wallet sends nothing, and is told where it was asked for", async () => {
    await post();
    phone.requests = "reject";
    await window.pressInDialog("Sign");
    await (await panel()).locator(".work.rejected, .work.failed").waitFor();
    await window.screenshot("market-2-refused");
    expect(await lastJob()).toBe(0n);
    phone.requests = "approve";
  });

  test("a job is posted with a permit, two nodes bid, and a bid is accepted", async () => {
    const { developer, node, rival } = market.accounts;
    const before = await market.balance(developer.address);
    await (await panel()).locator("vscode-button", { hasText: "Post Job" }).click();
    await window.pressInDialog("Sign");
    await window.pressInDialog("Continue");
    const shown = await panel();
    await shown.getByRole("heading", { name: "Job #1", exact: true }).waitFor();
    expect(before - (await market.balance(developer.address))).toBe(HIGHEST * BigInt(HOUR));
    await bidBy(1n, node, PRICE);
    await bidBy(1n, rival, HIGHEST);
    const bids = shown.getByRole("grid", { name: "Bids" }).locator(".grid-canvas .grid-row");
    await expect.poll(() => bids.count(), { timeout: 20_000 }).toBe(2);
    await window.screenshot("market");
    await bids.first().getByRole("button", { name: "Accept" }).click();
    await window.pressInDialog("Continue");
    await shown.locator(".job-head .state.assigned").waitFor();
    await market.job(1n, "assigned");
  });

  test("the node starts, and its receipt settles the job to the wei", async () => {
    const { developer, node } = market.accounts;
    const before = [await market.balance(developer.address), await market.balance(node.address)] as const;
    await market.send(start(market.client, { from: node.address, jobId: 1n }));
    const shown = await panel();
    await shown.locator(".job-head .state.running").waitFor();
    await market.passSeconds(600);
    await window.screenshot("market-4-running");
    await shown.locator("vscode-button", { hasText: "Settle" }).click();
    await window.answer("Settle job #1", await nodeReceipt(1n, 600));
    await window.pressInDialog("Sign and Settle");
    await window.pressInDialog("Continue");
    await shown.locator(".job-head .state.settled").waitFor();
    await window.screenshot("market-5-settled");
    const amount = PRICE * 600n;
    const fee = (amount * 200n) / 10_000n;
    expect((await market.balance(node.address)) - before[1]).toBe(amount - fee);
    expect((await market.balance(developer.address)) - before[0]).toBe(HIGHEST * BigInt(HOUR) - amount);
    expect((await market.follow()).node(node.address)?.reputation).toBe(fee);
  });

  test("a node that never starts is replaced: the job is opened again and another bid is taken", async () => {
    await postAnother(2n);
    await bidBy(2n, market.accounts.node, PRICE);
    await acceptFirst();
    await market.passSeconds(901);
    const shown = await panel();
    await shown.locator("vscode-button", { hasText: "Expire" }).click();
    await window.pressInDialog("Continue");
    await shown.locator(".job-head .state.open").waitFor();
    await shown.getByText("failed").first().waitFor();
    await window.screenshot("market-6-reopened");
    await bidBy(2n, market.accounts.rival, PRICE);
    await acceptFirst();
    await market.send(start(market.client, { from: market.accounts.rival.address, jobId: 2n }));
    await shown.locator(".job-head .state.running").waitFor();
  });

  test.each([
    ["won", 0n],
    ["lost", PRICE * 600n],
  ])("a dispute that is %s", async (outcome, award) => {
    const jobId = (await lastJob()) + 1n;
    const { developer, rival, arbiter } = market.accounts;
    await postAnother(jobId);
    await bidBy(jobId, rival, PRICE);
    await acceptFirst();
    await market.send(start(market.client, { from: rival.address, jobId }));
    await market.passSeconds(HOUR + 1);
    const last = entry(jobId, 600);
    const claim = { from: rival.address, jobId, root: leafOf(last), logCid: SPEC_CID, last, proof: [] };
    await market.send(submitProof(market.client, claim));
    const shown = await panel();
    await shown.locator(".job-head .state.claimed").waitFor();
    await shown.locator(".job-actions vscode-button", { hasText: "Dispute…" }).click();
    await shown.locator("vscode-text-area textarea").fill("It never answered.");
    const before = await market.balance(developer.address);
    await shown.locator(".action-form vscode-button", { hasText: "Dispute" }).click();
    await window.pressInDialog("Continue");
    await shown.locator(".job-head .state.disputed").waitFor();
    await window.screenshot(`market-7-disputed-${outcome}`);
    const slashBps = award === 0n ? 10_000 : 0;
    await market.send(decide(market.client, { from: arbiter.address, jobId, award, slashBps }));
    await shown.locator(".job-head .state.settled").waitFor();
    await window.screenshot(`market-8-dispute-${outcome}`);
    const gained = (await market.balance(developer.address)) - before;
    const refund = HIGHEST * BigInt(HOUR) - award;
    const bond = 10n * OTT;
    expect(award === 0n ? gained > refund : gained === refund - bond).toBe(true);
  });

  test("what the chain takes back disappears", async () => {
    const jobId = (await lastJob()) + 1n;
    await postAnother(jobId);
    const shown = await panel();
    const snapshot = await market.test.snapshot();
    await bidBy(jobId, market.accounts.rival, PRICE);
    const accept = shown.getByRole("button", { name: "Accept the bid" });
    await expect.poll(() => accept.count(), { timeout: 20_000 }).toBe(1);
    await market.test.revert({ id: snapshot });
    await market.test.mine({ blocks: 3 });
    await shown.getByText("No bids yet").waitFor();
    expect(await accept.count()).toBe(0);
  });

  test("a relay that is down is told, and the market can still be seen", async () => {
    await relay.stop();
    await window.page.locator('.statusbar-item[aria-label*="relay cannot be reached"]').waitFor({ timeout: 60_000 });
    await (await panel()).locator(".job-head .state.open").waitFor();
    await window.screenshot("market-9-relay-down");
  });
});
