// The market panel as a whole: keyboard, width, reload, hostile input.
import { describe, expect, it } from "vitest";
import * as market from "./market-fixture";
import { connected, listed, opened, useMarketPanel } from "./use-market-panel";

const panel = useMarketPanel();
const { open, tell, shoot, expectAccessible, button, tab, rows, search, field, savedState, overflow } = panel;

describe("market panel", () => {
  it("can be used by keyboard alone", async () => {
    await open({}, ...connected, ...listed([...market.jobs(20, () => ({ mine: true })), market.myJob(30, "running")]));
    await rows().first().waitFor();
    await tab("Jobs").focus();
    await panel.view.page.keyboard.press("ArrowRight");
    await panel.view.page.getByText("Open a spec first").waitFor();
    await panel.view.page.keyboard.press("ArrowLeft");
    await rows().first().waitFor();
    await panel.view.page.getByRole("grid").focus();
    await panel.view.page.keyboard.press("ArrowDown");
    await panel.view.page.keyboard.press("Enter");
    await expect.poll(() => panel.received.find(({ type }) => type === "open")).toMatchObject({ job: "30" });
    await panel.view.page.getByRole("heading", { name: "Job #30", exact: true }).waitFor();
  });

  it("fits a narrow panel", async () => {
    await open({ width: 360, height: 800 }, ...connected, ...listed(market.jobs(60, () => ({ mine: true }))));
    await rows().first().waitFor();
    await shoot("narrow-list");
    await expectAccessible();
    await tell(...opened("open"));
    await button("Accept the bid").first().waitFor();
    await shoot("narrow-bids");
    await expectAccessible();
    expect(await overflow()).toBeLessThanOrEqual(360);
    await button("Back to the list").click();
    await tell(market.draft);
    await tab("Post Job").click();
    await panel.view.page.getByText("At most").waitFor();
    await shoot("narrow-post");
    expect(await overflow()).toBeLessThanOrEqual(360);
    await expectAccessible();
  });

  it("keeps page, filter, job and half-written forms across a reload", async () => {
    await open({}, ...connected, market.draft, ...opened("running"));
    await search("jobs").fill("running");
    await tab("Post Job").click();
    await field("price").fill("7.25");
    const state = await savedState();
    await panel.view.page.context().close();
    await open({ state }, ...connected, market.draft);
    await expect.poll(() => field("price").inputValue()).toBe("7.25");
    await tab("Jobs").click();
    expect(await search("jobs").inputValue()).toBe("running");
    expect(panel.view.faults).toEqual([]);
  });

  it("asks again for the job that was open before a reload, and ignores a state that makes no sense", async () => {
    await open({}, ...connected, ...opened("running"));
    const state = await savedState();
    await panel.view.page.context().close();
    await open({ state }, ...connected);
    await expect.poll(() => panel.received.find(({ type }) => type === "open")).toEqual({ type: "open", job: "12" });
    await panel.view.page.context().close();
    await open({ state: { side: "nobody" } }, ...connected, ...listed([]));
    await panel.view.page.getByText("You have posted no job yet").waitFor();
  });

  it("shows hostile names as text, and drops a message that is not in the schema", async () => {
    const hostile = "<img src=x onerror=document.title=1>";
    await open(
      {},
      ...connected,
      { type: "draft", draft: { kind: "invalid", spec: hostile, problem: hostile } },
      { type: "show", side: "developer", page: "post", job: null },
    );
    await panel.view.page.getByText(hostile).first().waitFor();
    await panel.view.post({ type: "jobs", reset: true, rows: [{ ...market.job(1), escrow: "1e9" }], removed: [] });
    await panel.view.post({ type: "wallet", wallet: { kind: "connected", address: "0x1" } });
    await expect.poll(() => panel.received.filter(({ type }) => type === "problem").length).toBe(2);
    expect(await panel.view.page.title()).toBe("market");
    expect(panel.view.faults).toEqual([]);
  });
});
