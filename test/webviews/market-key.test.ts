// The key for unattended work, in the operator's page of the market panel.
import { describe, expect, it } from "vitest";
import type { MarketHostMessage } from "../../src/protocol/market-messages";
import type { NodePage } from "../../src/protocol/market-operator";
import * as market from "./market-fixture";
import { connected, useMarketPanel } from "./use-market-panel";

const panel = useMarketPanel();
const { open, tell, look, button, field } = panel;

const KEY = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
const page: MarketHostMessage = { type: "show", side: "operator", page: "node", job: null };
const section = () => panel.view.page.locator("section").filter({ hasText: "Unattended work" });
const said = (text: string) => section().getByText(text).filter({ visible: true }).first();
const actions = () => panel.received.filter(({ type }) => type === "node");

async function openWith(key: NodePage["key"], wallet = market.wallet()): Promise<void> {
  await open({ height: 1_300 }, market.network, wallet, market.node({ key }), market.detected, page);
  await section().waitFor();
}

describe("market panel, operator key", () => {
  const states: [name: string, text: string, key: NodePage["key"]][] = [
    ["none", "Your wallet is asked for each bid", { kind: "none" }],
    ["elsewhere", "A key of another machine", { kind: "elsewhere", address: KEY }],
    ["asking", "Asking the chain…", { kind: "here", address: KEY, fees: null }],
    ["no-fees", "None: your wallet is asked until you add some ETH", { kind: "here", address: KEY, fees: "0" }],
    ["ready", "0.02 ETH", { kind: "here", address: KEY, fees: market.ott(0.02) }],
  ];
  it.each(states)("says what there is and can be read by everybody: %s", async (name, text, key) => {
    await openWith(key);
    await said(text).waitFor();
    await section().scrollIntoViewIfNeeded();
    await look(`key-${name}`);
  });

  it("is not offered before there is a node", async () => {
    await open({}, ...connected, market.unregistered, market.detected, page);
    await button("Register Node").waitFor();
    expect(await section().isVisible()).toBe(false);
  });

  it("is hidden while the wallet is on another chain, which is said with what to do", async () => {
    const key = { kind: "here", address: KEY, fees: market.ott(0.02) } as const;
    await open({}, market.network, market.wallet({ chainId: 1 }), market.node({ key }), market.detected, page);
    const blank = panel.view.page.locator(".blank").filter({ visible: true });
    await blank.getByText("Switch it to see your node, its stake and the key for unattended work.").waitFor();
    expect(await section().isVisible()).toBe(false);
    await look("key-wrong-chain");
    await blank.getByRole("button", { name: "Switch Chain" }).click();
    await expect.poll(() => panel.received.map(({ type }) => type)).toContain("switchChain");
    await tell(market.wallet());
    await said("0.02 ETH").waitFor();
  });

  it("is made with as much money for fees as was written, and shows what goes on and what went wrong", async () => {
    await openWith({ kind: "none" });
    await field("fees").fill("0.5");
    await button("Create Operator Key").click();
    await expect.poll(actions).toEqual([{ type: "node", action: { kind: "createKey", fees: market.ott(0.5) } }]);
    const work = { key: "createKey", message: "Confirm in your wallet: set the delegate key." };
    await tell({ type: "work", work: { ...work, status: "signing" } });
    await said("Confirm in your wallet").waitFor();
    await look("key-signing");
    await button("Create Operator Key").click({ force: true });
    expect(actions()).toHaveLength(1);
    await tell({ type: "work", work: { ...work, status: "failed", message: "You declined it. Nothing was sent." } });
    await said("You declined it").waitFor();
    await look("key-refused");
  });

  it("is paid for with what the wallet has, and revoked", async () => {
    await openWith({ kind: "here", address: KEY, fees: "0" });
    await field("fees").fill("9");
    await said("Your wallet has 3.2 ETH").waitFor();
    await button("Add Money for Fees").click({ force: true });
    await field("fees").fill("0");
    await said("Write an amount above zero").waitFor();
    await button("Add Money for Fees").click({ force: true });
    expect(actions()).toEqual([]);
    await look("key-wrong-amount");
    await field("fees").fill("1");
    await button("Add Money for Fees").click();
    await expect.poll(actions).toEqual([{ type: "node", action: { kind: "addFees", amount: market.ott(1) } }]);
    await button("Revoke Key").click();
    await expect.poll(actions).toContainEqual({ type: "node", action: { kind: "revokeKey" } });
  });
});
