// An operator's days, in the real VS Code: a node of this machine, jobs by hand and by policy, pay, a slash, and the way out.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FrameLocator } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { acceptBid, expire } from "../../src/bridge/market/actions";
import { receiptTypedData } from "../../src/bridge/market/receipts";
import { OTT, TestMarket } from "../../src/bridge/market/testing/market";
import { PhoneWallet } from "../support/phone-wallet";
import { TestRelay } from "../support/relay";
import { packagedExtension, Server } from "./driver/server";
import { Workbench } from "./driver/workbench";
import { copySample } from "./sample";

/** 3.6 OTT an hour. */
const HIGHEST = OTT / 1_000n;
const NEED = { millicores: 500, mebibytes: 512, gpus: 0, gpuModel: 0, region: 0, labels: 0 };

let directory: string;
let market: TestMarket;
let relay: TestRelay;
let phone: PhoneWallet;
let server: Server;
let window: Workbench;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "zl-operator-"));
  const { folder } = await copySample(directory);
  market = await TestMarket.start();
  relay = await TestRelay.start();
  const { network, accounts } = market;
  phone = await PhoneWallet.start({
    relayUrl: relay.url,
    accounts: [accounts.node],
    networks: new Map([[network.chainId, network.rpcUrl]]),
  });
  const { name, chainId, rpcUrl, wsUrl, addresses, deploymentBlock } = network;
  server = await Server.start({
    name: "operator",
    vsix: await packagedExtension(),
    settings: {
      "zlayer.market.networks": { [name]: { chainId, rpcUrl, wsUrl, block: Number(deploymentBlock), ...addresses } },
      "zlayer.wallet.relayUrl": relay.url,
      "zlayer.wallet.projectId": "0".repeat(32),
      "window.dialogStyle": "custom",
    },
  });
  window = await Workbench.open(server.url, folder);
});

afterAll(async () => {
  await window?.screenshot("operator-last");
  await window?.close();
  await server?.close();
  await phone?.stop();
  await relay?.stop();
  await market?.stop();
  await rm(directory, { recursive: true, force: true });
});

const panel = (): Promise<FrameLocator> => window.webview(".tabs");
const button = async (label: string) => (await panel()).locator("vscode-button:visible", { hasText: label }).first();
const field = async (key: string) => (await panel()).locator(`vscode-text-field[data-field="${key}"]:visible input`);
const tab = async (label: string) => (await panel()).getByRole("tab", { name: label });
const row = async (text: string) =>
  (await panel()).locator(".grid-canvas .grid-row:visible", { hasText: text }).first();
const state = async (name: string) => (await panel()).locator(`.job-head .state.${name}`).waitFor();

/** The developer, who is elsewhere, posts a job. */
const post = (): Promise<bigint> =>
  market.post({ maxRate: HIGHEST, escrow: HIGHEST * 3_600n, maxDuration: 3_600, need: NEED });

/** Takes the operator's bid. */
async function accept(jobId: bigint): Promise<bigint> {
  const { developer, node } = market.accounts;
  await expect.poll(async () => (await market.follow()).bids(jobId).length, { timeout: 60_000 }).toBe(1);
  const rate = market.store.bids(jobId)[0]?.rate ?? 0n;
  await market.send(acceptBid(market.client, { from: developer.address, jobId, node: node.address, rate }));
  return rate;
}

describe("the operator", () => {
  test("registers this machine with what it has, and stakes", async () => {
    await window.palette("ZLayer: Connect Wallet");
    await window.pick("Your wallet");
    const wallet = await window.webview("svg, canvas, .qr");
    await wallet.locator("vscode-button", { hasText: "Copy link" }).click();
    await expect.poll(() => window.clipboard()).toMatch(/^wc:/);
    await phone.scan(await window.clipboard());
    await window.page.locator(".statusbar-item", { hasText: market.accounts.node.address.slice(0, 6) }).waitFor();
    await window.palette("ZLayer: Register Node");
    await (await panel()).getByText("Earn with this machine").waitFor();
    await expect.poll(async () => (await field("stake")).inputValue()).not.toBe("");
    await window.screenshot("operator-1-register");
    await (await button("Register Node")).click();
    // The node's key is derived twice, to see that the wallet signs the same again, and then bound to the wallet.
    await window.pressInDialog("Sign");
    await window.pressInDialog("Sign");
    await window.pressInDialog("Sign");
    await window.pressInDialog("Continue");
    await (await panel()).getByText("Takes jobs").waitFor();
    await window.screenshot("operator-2-node");
    const node = (await market.follow()).node(market.accounts.node.address);
    expect(node).toMatchObject({ status: "active", capacity: { gpus: 0 } });
  });

  test("sees a job that fits, bids by hand, is accepted, starts, signs a receipt and is paid to the wei", async () => {
    const { node, receiptKey } = market.accounts;
    await (await tab("Jobs")).click();
    await (await button("Show Jobs That Fit")).click();
    await (await panel()).getByText("No open job fits your node now").waitFor();
    await window.screenshot("operator-3-no-jobs");
    const jobId = await post();
    await (await row(`#${jobId}`)).click();
    await (await button("Bid…")).click();
    await (await field("price")).fill("3");
    await window.screenshot("operator-4-bid");
    await (await panel()).locator(".action-form vscode-button", { hasText: "Bid" }).click();
    await window.pressInDialog("Continue");
    const rate = await accept(jobId);
    await state("assigned");
    await window.screenshot("operator-5-assigned");
    await (await button("Start Service")).click();
    await window.pressInDialog("Continue");
    await state("running");
    await market.passSeconds(600);
    await (await button("Sign Receipt…")).click();
    await (await field("used")).fill("600");
    await window.screenshot("operator-6-receipt");
    await (await panel()).locator(".action-form vscode-button", { hasText: "Sign Receipt" }).click();
    await window.pressInDialog("Sign");
    await (await panel()).getByText("Signed and copied").waitFor();
    const { nodeSignature, ...sent } = JSON.parse(await window.clipboard()) as Record<string, string>;
    const receipt = {
      jobId: BigInt(sent["jobId"] ?? "0"),
      sequence: Number(sent["sequence"]),
      usedSeconds: Number(sent["usedSeconds"]),
      amount: BigInt(sent["amount"] ?? "0"),
      usageRoot: sent["usageRoot"] as `0x${string}`,
      isFinal: true,
    };
    expect(receipt).toMatchObject({ jobId, usedSeconds: 600, amount: rate * 600n });
    const developerSignature = await receiptKey.signTypedData(receiptTypedData(market.network, receipt));
    const before = await market.balance(node.address);
    await (await button("Settle")).click();
    await window.answer(`Settle job #${jobId}`, JSON.stringify({ ...sent, nodeSignature, developerSignature }));
    await window.pressInDialog("Continue");
    await state("settled");
    await window.screenshot("operator-7-settled");
    const fee = (receipt.amount * 200n) / 10_000n;
    expect((await market.balance(node.address)) - before).toBe(receipt.amount - fee);
    await (await tab("Earnings")).click();
    await (await row(`#${jobId}`)).waitFor();
    await window.screenshot("operator-8-earnings");
  });

  test("lets a key of this machine bid by policy, without the wallet", async () => {
    await (await tab("Node")).click();
    await (await field("fees")).fill("0.5");
    await (await button("Create Operator Key")).click();
    await window.pressInDialog("Continue");
    await window.pressInDialog("Continue");
    await (await panel()).getByText("Left for fees").waitFor();
    await (await panel()).getByText("0.5 ETH").waitFor();
    await window.screenshot("operator-9-key");
    const asked = phone.asked.length;
    await (await tab("Policy")).click();
    await (await panel()).locator("vscode-checkbox", { hasText: "Bid by itself" }).first().click();
    await (await field("core")).fill("2");
    await (await field("memory")).fill("0.5");
    await (await button("Save Policy")).click();
    await (await panel()).getByText("Your operator key signs them.").waitFor();
    await window.screenshot("operator-10-policy");
    const jobId = await post();
    await accept(jobId);
    await (await panel()).getByText("1 bid since the window was opened").waitFor();
    expect(phone.asked.length).toBe(asked);
  });

  test("loses stake for a job that never starts, and is shown it", async () => {
    const jobId = market.store.jobs({ sort: { by: "id", descending: true }, limit: 1 }).rows[0]?.id ?? 0n;
    await market.passSeconds(901);
    await market.send(expire(market.client, { from: market.accounts.developer.address, jobId }));
    await (await tab("Earnings")).click();
    await (await panel()).getByText("Did not start in time, or vanished").first().waitFor();
    await window.screenshot("operator-11-slashed");
    const slashed = (await market.follow()).node(market.accounts.node.address)?.record.slashed ?? 0n;
    expect(slashed).toBeGreaterThan(0n);
    await expect.poll(async () => (await panel()).locator(".sums").textContent()).not.toMatch(/(^|\D)0 OTTstake lost/);
  });

  test("can be read in a dark theme and in a narrow window", async () => {
    await window.palette("Preferences: Toggle between Light/Dark Themes");
    await window.page.locator(".monaco-workbench.vs-dark").waitFor();
    await window.screenshot("operator-11-dark");
    await (await tab("Node")).click();
    await (await panel()).getByRole("heading", { name: "Your node" }).waitFor();
    await window.screenshot("operator-12-dark");
    await window.page.setViewportSize({ width: 620, height: 900 });
    await window.screenshot("operator-13-narrow");
    await window.page.setViewportSize({ width: 1280, height: 800 });
  });

  test("revokes the key, unbonds, and is told when the stake comes back", async () => {
    await (await button("Revoke Key")).click();
    await window.pressInDialog("Continue");
    await (await button("Create Operator Key")).waitFor();
    expect((await market.follow()).node(market.accounts.node.address)).not.toHaveProperty("delegate");
    await (await field("amount")).fill("1");
    await (await button("Unbond")).click();
    await window.pressInDialog("Continue");
    await (await panel()).getByText("Unbonding", { exact: true }).waitFor();
    await window.screenshot("operator-14-unbonding");
    expect((await market.follow()).node(market.accounts.node.address)?.unbonding).toBe(OTT);
    await window.openViewContainer("ZLayer");
    await window.expandView("Market");
    await window.treeRow("My node").waitFor();
    await window.screenshot("operator-15-tree");
  });

  test("finds wallet, page and node as they were after the window is reloaded", async () => {
    // By the editor's own command: what a page that is torn away had last is not kept.
    const reloaded = window.page.waitForEvent("domcontentloaded");
    await window.palette("Developer: Reload Window");
    await reloaded;
    await window.page.locator(".statusbar-item", { hasText: market.accounts.node.address.slice(0, 6) }).waitFor();
    await (await panel()).getByRole("heading", { name: "Your node" }).waitFor();
    await window.screenshot("operator-16-reloaded");
  });
});
