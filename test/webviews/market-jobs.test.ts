// Jobs and bids in the market panel.
import { describe, expect, it } from "vitest";
import type { MarketViewState } from "../../src/protocol/market-messages";
import * as market from "./market-fixture";
import { connected, listed, opened, useMarketPanel } from "./use-market-panel";

const panel = useMarketPanel();
const { open, tell, shoot, expectAccessible, button, rows, row, search, field } = panel;

/** What the panel keeps when nothing was touched. */
const FRESH: MarketViewState = {
  side: "developer",
  page: "jobs",
  job: null,
  filter: "",
  scope: "mine",
  sort: "newest",
  descending: true,
  bidFilter: "",
  bidSort: "price",
  bidDescending: false,
  fields: {},
};

describe("market panel, jobs and bids", () => {
  it("keeps ten thousand jobs in a list of a few dozen rows, and finds one as the user types", async () => {
    await open({ state: { ...FRESH, scope: "all" } }, ...connected, ...listed(market.jobs(10_000)));
    await panel.view.page.getByText("10,000 jobs", { exact: true }).waitFor();
    expect(await rows().count()).toBeLessThan(60);
    expect(await panel.view.page.getByRole("grid").getAttribute("aria-rowcount")).toBe("10001");
    const jobSearch = search("jobs");
    await jobSearch.focus();
    // Each key is handled and drawn before the next is pressed: a list that blocks would time out here.
    for (const key of "#9876") {
      await panel.view.page.keyboard.press(key);
      await panel.view.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    }
    await panel.view.page.getByText("1 job", { exact: true }).waitFor();
    expect(await rows().count()).toBe(1);
    await jobSearch.fill("");
    await panel.view.page.getByText("10,000 jobs", { exact: true }).waitFor();
    await panel.view.page.getByRole("grid").focus();
    await panel.view.page.keyboard.press("End");
    await row("#1").last().waitFor();
    await expect.poll(() => panel.view.page.locator(".grid-row.active").getAttribute("aria-rowindex")).toBe("10001");
    expect(await rows().count()).toBeLessThan(60);
    // A change of one row draws that row only.
    await panel.view.page.evaluate(() => document.querySelector(".grid-row.active")?.setAttribute("data-kept", "yes"));
    await tell({ type: "jobs", reset: false, rows: [market.job(2, { bids: 77 })], removed: [] });
    await panel.view.page.locator(".column-bids", { hasText: /^77$/ }).waitFor();
    expect(await panel.view.page.locator(".grid-row.active").getAttribute("data-kept")).toBe("yes");
    await shoot("ten-thousand");
    await expectAccessible();
  });

  it("sorts and filters bids, puts those last that cannot be taken, and accepts one", async () => {
    await open({ width: 1_280 }, ...connected, ...opened("open"));
    const bids = panel.view.page.getByRole("grid", { name: "Bids" }).locator(".grid-canvas .grid-row");
    await bids.first().waitFor();
    const prices = async (): Promise<number[]> => (await bids.locator(".column-price").allTextContents()).map(Number);
    const takeable = await bids.getByRole("button", { name: "Accept" }).count();
    const ascending = (await prices()).slice(0, takeable);
    expect(ascending).toEqual([...ascending].sort((a, b) => a - b));
    await panel.view.page.getByRole("grid", { name: "Bids" }).getByRole("button", { name: "OTT/h" }).click();
    await expect.poll(async () => (await prices())[0]).toBe(Math.max(...ascending));
    const last = bids.last();
    expect(await last.locator(".unfit").count()).toBe(1);
    await search("bids").fill("DE");
    await expect.poll(() => bids.count()).toBeLessThan(12);
    await search("bids").fill("");
    await expect.poll(() => bids.count()).toBe(12);
    const node = await bids.first().locator(".mono").getAttribute("title");
    await bids.first().getByRole("button", { name: "Accept" }).click();
    await expect
      .poll(() => panel.received.find(({ type }) => type === "job"))
      .toMatchObject({ id: "12", command: { kind: "accept", node } });
    await tell({
      type: "work",
      work: { key: "accept 12", status: "signing", message: "Confirm in your wallet: accept the bid for 1.2 OTT/h." },
    });
    await panel.view.page.getByText("Confirm in your wallet").waitFor();
    await shoot("accept-signing");
    // While it is under way, nothing is sent twice.
    await bids.nth(1).getByRole("button", { name: "Accept" }).click();
    expect(panel.received.filter(({ type }) => type === "job")).toHaveLength(1);
  });

  it("tops up a running job by a form, and says why another action is not possible", async () => {
    await open({}, ...connected, ...opened("running"));
    await panel.view.page.getByText("only the node may use it").waitFor();
    await button("Settle").click({ force: true });
    expect(panel.received.some(({ type }) => type === "job")).toBe(false);
    await button("Top Up…").click();
    await field("Money to add").fill("2.5");
    await shoot("top-up");
    await expectAccessible();
    await button("Top Up").last().click();
    await expect
      .poll(() => panel.received.find(({ type }) => type === "job"))
      .toMatchObject({ command: { kind: "topUp", amount: market.ott(2.5) } });
  });

  it("disputes a claim after saying what the bond is", async () => {
    await open({}, ...connected, ...opened("claimed"));
    await button("Dispute…").click();
    await panel.view.page.getByText("bond of 10 OTT").waitFor();
    await panel.view.page.locator("vscode-text-area textarea").fill("The service never answered.");
    await shoot("dispute");
    await expectAccessible();
    await button("Dispute").last().click();
    await expect
      .poll(() => panel.received.find(({ type }) => type === "job"))
      .toMatchObject({ command: { kind: "dispute", evidence: "The service never answered." } });
  });
});
