// The operator's side of the market panel.
import { describe, expect, it } from "vitest";
import * as market from "./market-fixture";
import { connected, listed, useMarketPanel } from "./use-market-panel";

const panel = useMarketPanel();
const { open, shoot, expectAccessible, button, row, field } = panel;

describe("market panel, operator", () => {
  it("registers a node with what the machine has", async () => {
    await open({}, ...connected, market.unregistered, market.detected, {
      type: "show",
      side: "operator",
      page: "node",
      job: null,
    });
    await expect.poll(() => field("millicores").inputValue()).toBe("7000");
    await expect.poll(() => field("stake").inputValue()).toBe("141.68");
    await field("stake").fill("100");
    await panel.view.page.getByText("The stake is below 141.68 OTT").waitFor();
    await field("stake").fill("150");
    await button("Register Node").click();
    await expect
      .poll(() => panel.received.find(({ type }) => type === "node"))
      .toMatchObject({
        action: {
          kind: "register",
          stake: market.ott(150),
          capacity: { millicores: 7_000, mebibytes: 14_336, labels: 2 },
        },
      });
  });

  it("bids by hand, at most what the developer pays", async () => {
    const offer = market.job(5, {
      state: "open",
      node: null,
      rate: null,
      maxRate: market.rate(2),
      bidDeadline: market.NOW + 900,
      unfit: "",
      bids: 1,
      lowest: market.rate(1.5),
    });
    const other = market.job(6, {
      state: "open",
      node: null,
      rate: null,
      unfit: "It needs 4 GPUs; your node has none.",
    });
    await open(
      {},
      ...connected,
      market.node(),
      ...listed([offer, other]),
      { type: "show", side: "operator", page: "offers", job: "5" },
      { type: "job", id: "5", page: market.page(5, "open", { actions: [{ action: "bid", reason: "" }] }) },
      { type: "bids", id: "5", reset: true, rows: market.bids(1), removed: [] },
    );
    await button("Bid…").click();
    await field("price").fill("2.1");
    await panel.view.page.getByText(/pays at most/).waitFor();
    await field("price").fill("1.44");
    await shoot("bid");
    await expectAccessible();
    await button("Bid").last().click();
    await expect
      .poll(() => panel.received.find(({ type }) => type === "job"))
      .toMatchObject({ id: "5", command: { kind: "bid", rate: String(4n * 10n ** 14n), validity: 3_600 } });
    await panel.view.page.getByTitle("Every job of the market").click();
    await row("#6").filter({ hasText: "It needs 4 GPUs" }).waitFor();
    await shoot("offers");
  });

  it("saves a policy", async () => {
    await open({}, ...connected, market.node(), market.policy, {
      type: "show",
      side: "operator",
      page: "policy",
      job: null,
    });
    await expect.poll(() => field("margin").inputValue()).toBe("20");
    await field("margin").fill("35");
    await button("Save Policy").click();
    await expect
      .poll(() => panel.received.find(({ type }) => type === "node"))
      .toMatchObject({ action: { kind: "setPolicy", policy: { marginBps: 3_500, enabled: true, maxLockBps: 5_000 } } });
  });
});
