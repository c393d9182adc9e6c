import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  type MarketHostMessage,
  type MarketViewMessage,
  type MarketViewState,
  marketHostMessage,
  marketViewMessage,
  ROWS_PER_MESSAGE,
} from "../../src/protocol/market-messages";
import type { JobRow, JobStateName } from "../../src/protocol/market-rows";
import { parseMessage } from "../../src/protocol/webview-message";
import { accessibilityViolations } from "./accessibility";
import { type ThemeName, themeNames, WebviewHarness, type WebviewPage } from "./harness";
import * as market from "./market-fixture";

/** Directory for pictures of what the tests see; none are taken without it. */
const shots = process.env["WEBVIEW_SHOTS"];

let harness: WebviewHarness;
let view: WebviewPage;
let received: MarketViewMessage[];

beforeAll(async () => {
  harness = await WebviewHarness.start();
  if (shots !== undefined) {
    mkdirSync(shots, { recursive: true });
  }
});
afterAll(() => harness.stop());
afterEach(() => view.page.context().close());

type Options = { theme?: ThemeName; width?: number; height?: number; state?: unknown };

/** Opens the panel and tells it `messages`, each checked as the panel checks it. */
async function open(options: Options, ...messages: MarketHostMessage[]): Promise<void> {
  received = [];
  let ready = (): void => {};
  const isReady = new Promise<void>((resolve) => {
    ready = resolve;
  });
  view = await harness.open("market", { width: 1_100, height: 700, ...options }, (value) => {
    const parsed = parseMessage(marketViewMessage, value);
    if (!parsed.ok) {
      throw new Error(parsed.problem);
    }
    received.push(parsed.message);
    if (parsed.message.type === "ready") {
      ready();
    }
  });
  view.page.setDefaultTimeout(8_000);
  await isReady;
  await tell(market.init, ...messages);
  await view.page.locator(".toolbar").waitFor();
}

async function tell(...messages: MarketHostMessage[]): Promise<void> {
  for (const message of messages) {
    const parsed = parseMessage(marketHostMessage, message);
    if (!parsed.ok) {
      throw new Error(`${message.type}: ${parsed.problem}`);
    }
    await view.post(message);
  }
}

/** The list in as many messages as it needs. */
function listed(rows: readonly JobRow[]): MarketHostMessage[] {
  const messages: MarketHostMessage[] = [];
  for (let at = 0; at < rows.length || at === 0; at += ROWS_PER_MESSAGE) {
    messages.push({ type: "jobs", reset: at === 0, rows: rows.slice(at, at + ROWS_PER_MESSAGE), removed: [] });
  }
  return [...messages, { type: "listed" }];
}

const opened = (state: JobStateName): MarketHostMessage[] => [
  ...listed([...market.jobs(30), market.myJob(12, state)]),
  { type: "show", side: "developer", page: "jobs", job: "12" },
  { type: "job", id: "12", page: market.page(12, state) },
  ...(state === "open"
    ? [{ type: "bids", id: "12", reset: true, rows: market.bids(12), removed: [] } satisfies MarketHostMessage]
    : []),
];

async function shoot(name: string): Promise<void> {
  if (shots !== undefined) {
    await view.page.screenshot({ path: join(shots, `market-${name}.png`) });
  }
}

async function expectAccessible(): Promise<void> {
  expect(await accessibilityViolations(view.page)).toEqual([]);
  expect(view.faults).toEqual([]);
}

const button = (name: string | RegExp) => view.page.getByRole("button", { name });
const tab = (name: string) => view.page.getByRole("tab", { name });
const rows = () => view.page.locator(".grid-canvas .grid-row");
const row = (text: string) => rows().filter({ hasText: text });
const search = (what: string) => view.page.locator(`.search.${what} input`);
const field = (key: string) => view.page.locator(`vscode-text-field[data-field="${key}"] input`);
const connected: MarketHostMessage[] = [market.network, market.wallet()];

async function savedState(): Promise<MarketViewState> {
  return view.page.evaluate(() => (window as unknown as { savedState(): MarketViewState }).savedState());
}

describe("market panel", () => {
  it.each(themeNames)("can be read by everybody in the theme %s", async (theme) => {
    await open({ theme, width: 1_280 }, ...connected, ...opened("open"));
    await button("Accept the bid").first().waitFor();
    await shoot(`bids-${theme}`);
    await expectAccessible();
    await tell(market.draft);
    await tab("Post Job").click();
    await view.page.getByText("At most").waitFor();
    await shoot(`post-${theme}`);
    await expectAccessible();
    await tell(...opened("running"));
    await view.page.getByText("Cost so far").waitFor();
    await shoot(`running-${theme}`);
    await expectAccessible();
    await tell(market.node(), market.detected, market.policy, market.earnings);
    await button("Operator").click();
    await view.page.getByText("Takes jobs").waitFor();
    await shoot(`node-${theme}`);
    await expectAccessible();
    await tab("Policy").click();
    await button("Save Policy").waitFor();
    await shoot(`policy-${theme}`);
    await expectAccessible();
    await tab("Earnings").click();
    await row("#412").waitFor();
    await shoot(`earnings-${theme}`);
    await expectAccessible();
  });

  describe("says what is wrong and what to do first", () => {
    const list = listed(market.jobs(40));
    const network = (network: Extract<MarketHostMessage, { type: "network" }>["network"]): MarketHostMessage => ({
      type: "network",
      network,
    });
    const all: MarketHostMessage = { type: "show", side: "developer", page: "jobs", job: null };
    const cases: [name: string, text: string, messages: MarketHostMessage[]][] = [
      ["no-network", "No market is set up", [network({ kind: "none" })]],
      ["connecting", "Connecting to “devnet”", [network({ kind: "connecting", name: "devnet" })]],
      [
        "syncing",
        "Read block 1,200 of 18,402",
        [network({ kind: "syncing", name: "devnet", block: 1_200, head: 18_402 })],
      ],
      [
        "rpc-down",
        "The chain does not answer",
        [network({ kind: "down", name: "devnet", reason: "Nothing listens at http://127.0.0.1:8545.", since: null })],
      ],
      [
        "wrong-network",
        "“devnet” cannot be used",
        [
          network({
            kind: "wrong",
            name: "devnet",
            reason: "The chain there is 1, not 31337. Correct zlayer.market.networks.",
          }),
        ],
      ],
      [
        "rpc-down-with-list",
        "What you see is from",
        [
          market.network,
          market.wallet(),
          ...listed([market.myJob(3, "running")]),
          network({ kind: "down", name: "devnet", reason: "It answered nothing for 10 s.", since: market.NOW - 90 }),
        ],
      ],
      ["no-wallet", "Connect a wallet to see your jobs", [market.network, ...list]],
      [
        "wrong-chain",
        "You can look, but not send",
        [market.network, market.wallet({ chainId: 1 }), ...listed([market.myJob(3, "running")])],
      ],
      ["nothing-mine", "You have posted no job yet", [...connected, ...list]],
      ["reading-list", "Reading the list of jobs", connected],
      [
        "reading-job",
        "Reading job #7",
        [...connected, ...list, { type: "show", side: "developer", page: "jobs", job: "7" }],
      ],
      [
        "no-such-job",
        "There is no job #777",
        [
          ...connected,
          ...list,
          { type: "show", side: "developer", page: "jobs", job: "777" },
          { type: "job", id: "777", page: null },
        ],
      ],
      [
        "no-bids",
        "No bids yet",
        [
          ...connected,
          ...listed([market.myJob(12, "open", { bids: 0 })]),
          { type: "show", side: "developer", page: "jobs", job: "12" },
          { type: "job", id: "12", page: market.page(12, "open") },
          { type: "bids", id: "12", reset: true, rows: [], removed: [] },
        ],
      ],
      [
        "deadline-passed",
        "No node bid before the deadline",
        [
          ...connected,
          ...listed([market.myJob(12, "open", { bids: 0, bidDeadline: market.NOW - 30 })]),
          { type: "show", side: "developer", page: "jobs", job: "12" },
          { type: "job", id: "12", page: market.page(12, "open", { deadline: market.NOW - 30 }) },
          { type: "bids", id: "12", reset: true, rows: [], removed: [] },
        ],
      ],
      ["post-without-wallet", "Connect a wallet", [market.network, { ...all, page: "post" } as MarketHostMessage]],
      [
        "post-wrong-chain",
        "Your wallet is on another chain",
        [market.network, market.wallet({ chainId: 1 }), { ...all, page: "post" } as MarketHostMessage],
      ],
      ["post-without-spec", "Open a spec first", [...connected, { ...all, page: "post" } as MarketHostMessage]],
      [
        "post-loading",
        "Reading the spec",
        [...connected, { type: "draft", draft: { kind: "loading" } }, { ...all, page: "post" } as MarketHostMessage],
      ],
      [
        "post-invalid",
        "cannot be posted",
        [
          ...connected,
          {
            type: "draft",
            draft: { kind: "invalid", spec: "shop.zlayer.yml", problem: "services.web.image is missing." },
          },
          { ...all, page: "post" } as MarketHostMessage,
        ],
      ],
      [
        "not-registered",
        "Earn with this machine",
        [
          ...connected,
          market.unregistered,
          market.detected,
          { ...all, side: "operator", page: "node" } as MarketHostMessage,
        ],
      ],
      [
        "looking-for-node",
        "Looking for your node",
        [...connected, { ...all, side: "operator", page: "node" } as MarketHostMessage],
      ],
      [
        "no-engine",
        "The engine does not answer",
        [
          ...connected,
          market.unregistered,
          {
            type: "detected",
            detected: {
              kind: "unknown",
              reason: "The engine does not answer, so nothing was found; write the sizes yourself.",
            },
          },
          { ...all, side: "operator", page: "node" } as MarketHostMessage,
        ],
      ],
      [
        "nothing-earned",
        "Nothing earned yet",
        [
          ...connected,
          market.node(),
          { type: "earnings", total: "0", slashed: "0", rows: [] },
          { ...all, side: "operator", page: "earnings" } as MarketHostMessage,
        ],
      ],
      [
        "unbonding",
        "It is still unbonding",
        [
          ...connected,
          market.node({ status: "paused", unbonding: market.ott(40), unbondedAt: market.NOW + 900_000 }),
          market.detected,
          { ...all, side: "operator", page: "node" } as MarketHostMessage,
        ],
      ],
    ];
    it.each(cases)("%s", async (name, text, messages) => {
      await open({}, ...messages);
      await view.page.getByText(text).first().waitFor();
      await shoot(`state-${name}`);
      await expectAccessible();
    });
  });

  it.each(["assigned", "running", "claimed", "disputed", "settled", "cancelled"] as const)(
    "shows a job that is %s",
    async (state) => {
      await open({}, ...connected, ...opened(state));
      await view.page.getByRole("heading", { name: "Job #12", exact: true }).waitFor();
      await view.page.getByRole("region", { name: "Time line" }).waitFor();
      await shoot(`job-${state}`);
      await expectAccessible();
    },
  );

  it("keeps ten thousand jobs in a list of a few dozen rows, and finds one as the user types", async () => {
    await open({ state: { ...(await freshState()), scope: "all" } }, ...connected, ...listed(market.jobs(10_000)));
    await view.page.getByText("10,000 jobs", { exact: true }).waitFor();
    expect(await rows().count()).toBeLessThan(60);
    expect(await view.page.getByRole("grid").getAttribute("aria-rowcount")).toBe("10001");
    const jobSearch = search("jobs");
    await jobSearch.focus();
    // Each key is handled and drawn before the next is pressed: a list that blocks would time out here.
    for (const key of "#9876") {
      await view.page.keyboard.press(key);
      await view.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    }
    await view.page.getByText("1 job", { exact: true }).waitFor();
    expect(await rows().count()).toBe(1);
    await jobSearch.fill("");
    await view.page.getByText("10,000 jobs", { exact: true }).waitFor();
    await view.page.getByRole("grid").focus();
    await view.page.keyboard.press("End");
    await row("#1").last().waitFor();
    await expect.poll(() => view.page.locator(".grid-row.active").getAttribute("aria-rowindex")).toBe("10001");
    expect(await rows().count()).toBeLessThan(60);
    // A change of one row draws that row only.
    await view.page.evaluate(() => document.querySelector(".grid-row.active")?.setAttribute("data-kept", "yes"));
    await tell({ type: "jobs", reset: false, rows: [market.job(2, { bids: 77 })], removed: [] });
    await view.page.locator(".column-bids", { hasText: /^77$/ }).waitFor();
    expect(await view.page.locator(".grid-row.active").getAttribute("data-kept")).toBe("yes");
    await shoot("ten-thousand");
    await expectAccessible();
  });

  it("sorts and filters bids, puts those last that cannot be taken, and accepts one", async () => {
    await open({ width: 1_280 }, ...connected, ...opened("open"));
    const bids = view.page.getByRole("grid", { name: "Bids" }).locator(".grid-canvas .grid-row");
    await bids.first().waitFor();
    const prices = async (): Promise<number[]> => (await bids.locator(".column-price").allTextContents()).map(Number);
    const takeable = await bids.getByRole("button", { name: "Accept" }).count();
    const ascending = (await prices()).slice(0, takeable);
    expect(ascending).toEqual([...ascending].sort((a, b) => a - b));
    await view.page.getByRole("grid", { name: "Bids" }).getByRole("button", { name: "OTT/h" }).click();
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
      .poll(() => received.find(({ type }) => type === "job"))
      .toMatchObject({ id: "12", command: { kind: "accept", node } });
    await tell({
      type: "work",
      work: { key: "accept 12", status: "signing", message: "Confirm in your wallet: accept the bid for 1.2 OTT/h." },
    });
    await view.page.getByText("Confirm in your wallet").waitFor();
    await shoot("accept-signing");
    // While it is under way, nothing is sent twice.
    await bids.nth(1).getByRole("button", { name: "Accept" }).click();
    expect(received.filter(({ type }) => type === "job")).toHaveLength(1);
  });

  it("reads a spec into the form, shows what it costs at most, and posts", async () => {
    await open({}, ...connected, market.draft, { type: "show", side: "developer", page: "post", job: null });
    await expect.poll(() => field("price").inputValue()).toBe("0.85");
    await field("price").fill("1.2");
    await field("hours").fill("4");
    await view.page.getByText("4.8 OTT", { exact: false }).first().waitFor();
    await field("price").fill("abc");
    await view.page.getByText("Write a number such as 12.5.").waitFor();
    expect(await field("price").getAttribute("aria-invalid")).toBe("true");
    await shoot("post-invalid-field");
    await expectAccessible();
    await button("Post Job").click({ force: true });
    expect(received.some(({ type }) => type === "post")).toBe(false);
    await field("price").fill("9000");
    await view.page.getByText(/Your wallet has 1,250.5 OTT; the job needs/).waitFor();
    await field("price").fill("3.6");
    await button("Post Job").click();
    await expect
      .poll(() => received.find(({ type }) => type === "post"))
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
    await view.page.getByText("The wallet refused").waitFor();
    await shoot("post-refused");
    await expectAccessible();
  });

  it("tops up a running job by a form, and says why another action is not possible", async () => {
    await open({}, ...connected, ...opened("running"));
    await view.page.getByText("only the node may use it").waitFor();
    await button("Settle").click({ force: true });
    expect(received.some(({ type }) => type === "job")).toBe(false);
    await button("Top Up…").click();
    await field("Money to add").fill("2.5");
    await shoot("top-up");
    await expectAccessible();
    await button("Top Up").last().click();
    await expect
      .poll(() => received.find(({ type }) => type === "job"))
      .toMatchObject({ command: { kind: "topUp", amount: market.ott(2.5) } });
  });

  it("disputes a claim after saying what the bond is", async () => {
    await open({}, ...connected, ...opened("claimed"));
    await button("Dispute…").click();
    await view.page.getByText("bond of 10 OTT").waitFor();
    await view.page.locator("vscode-text-area textarea").fill("The service never answered.");
    await shoot("dispute");
    await expectAccessible();
    await button("Dispute").last().click();
    await expect
      .poll(() => received.find(({ type }) => type === "job"))
      .toMatchObject({ command: { kind: "dispute", evidence: "The service never answered." } });
  });

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
    await view.page.getByText("The stake is below 141.68 OTT").waitFor();
    await field("stake").fill("150");
    await button("Register Node").click();
    await expect
      .poll(() => received.find(({ type }) => type === "node"))
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
    await view.page.getByText(/pays at most/).waitFor();
    await field("price").fill("1.44");
    await shoot("bid");
    await expectAccessible();
    await button("Bid").last().click();
    await expect
      .poll(() => received.find(({ type }) => type === "job"))
      .toMatchObject({ id: "5", command: { kind: "bid", rate: String(4n * 10n ** 14n), validity: 3_600 } });
    await view.page.getByTitle("Every job of the market").click();
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
      .poll(() => received.find(({ type }) => type === "node"))
      .toMatchObject({ action: { kind: "setPolicy", policy: { marginBps: 3_500, enabled: true, maxLockBps: 5_000 } } });
  });

  it("can be used by keyboard alone", async () => {
    await open({}, ...connected, ...listed([...market.jobs(20, () => ({ mine: true })), market.myJob(30, "running")]));
    await rows().first().waitFor();
    await tab("Jobs").focus();
    await view.page.keyboard.press("ArrowRight");
    await view.page.getByText("Open a spec first").waitFor();
    await view.page.keyboard.press("ArrowLeft");
    await rows().first().waitFor();
    await view.page.getByRole("grid").focus();
    await view.page.keyboard.press("ArrowDown");
    await view.page.keyboard.press("Enter");
    await expect.poll(() => received.find(({ type }) => type === "open")).toMatchObject({ job: "30" });
    await view.page.getByRole("heading", { name: "Job #30", exact: true }).waitFor();
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
    await view.page.getByText("At most").waitFor();
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
    await view.page.context().close();
    await open({ state }, ...connected, market.draft);
    await expect.poll(() => field("price").inputValue()).toBe("7.25");
    await tab("Jobs").click();
    expect(await search("jobs").inputValue()).toBe("running");
    expect(view.faults).toEqual([]);
  });

  it("asks again for the job that was open before a reload, and ignores a state that makes no sense", async () => {
    await open({}, ...connected, ...opened("running"));
    const state = await savedState();
    await view.page.context().close();
    await open({ state }, ...connected);
    await expect.poll(() => received.find(({ type }) => type === "open")).toEqual({ type: "open", job: "12" });
    await view.page.context().close();
    await open({ state: { side: "nobody" } }, ...connected, ...listed([]));
    await view.page.getByText("You have posted no job yet").waitFor();
  });

  it("shows hostile names as text, and drops a message that is not in the schema", async () => {
    const hostile = "<img src=x onerror=document.title=1>";
    await open(
      {},
      ...connected,
      { type: "draft", draft: { kind: "invalid", spec: hostile, problem: hostile } },
      { type: "show", side: "developer", page: "post", job: null },
    );
    await view.page.getByText(hostile).first().waitFor();
    await view.post({ type: "jobs", reset: true, rows: [{ ...market.job(1), escrow: "1e9" }], removed: [] });
    await view.post({ type: "wallet", wallet: { kind: "connected", address: "0x1" } });
    await expect.poll(() => received.filter(({ type }) => type === "problem").length).toBe(2);
    expect(await view.page.title()).toBe("market");
    expect(view.faults).toEqual([]);
  });
});

async function freshState(): Promise<MarketViewState> {
  return {
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
}

/** Width of what is in the page, in pixels. */
async function overflow(): Promise<number> {
  return view.page.evaluate(() =>
    Math.max(document.documentElement.scrollWidth, document.querySelector(".body > *")?.scrollWidth ?? 0),
  );
}
