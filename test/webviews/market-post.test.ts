// Posting a job from the market panel.
import { describe, expect, it } from "vitest";
import * as market from "./market-fixture";
import { connected, useMarketPanel } from "./use-market-panel";

const panel = useMarketPanel();
const { open, tell, shoot, expectAccessible, button, field } = panel;

describe("market panel, posting", () => {
  it("reads a spec into the form, shows what it costs at most, and posts", async () => {
    await open({}, ...connected, market.draft, { type: "show", side: "developer", page: "post", job: null });
    await expect.poll(() => field("price").inputValue()).toBe("0.85");
    await field("price").fill("1.2");
    await field("hours").fill("4");
    await panel.view.page.getByText("4.8 OTT", { exact: false }).first().waitFor();
    await field("price").fill("abc");
    await panel.view.page.getByText("Write a number such as 12.5.").waitFor();
    expect(await field("price").getAttribute("aria-invalid")).toBe("true");
    await shoot("post-invalid-field");
    await expectAccessible();
    await button("Post Job").click({ force: true });
    expect(panel.received.some(({ type }) => type === "post")).toBe(false);
    await field("price").fill("9000");
    await panel.view.page.getByText(/Your wallet has 1,250.5 OTT; the job needs/).waitFor();
    await field("price").fill("3.6");
    await button("Post Job").click();
    await expect
      .poll(() => panel.received.find(({ type }) => type === "post"))
      .toMatchObject({
        form: {
          matching: "developer",
          maxRate: String(10n ** 15n),
          maxDuration: 14_400,
          bidding: 900,
          gpus: 0,
          region: "",
        },
      });
    await tell({
      type: "work",
      work: { key: "post", status: "failed", message: "The wallet refused. Nothing was sent and nothing was paid." },
    });
    await panel.view.page.getByText("The wallet refused").waitFor();
    await shoot("post-refused");
    await expectAccessible();
  });
});
