// Every state of the market panel: what it says, and whether everybody can read it.
import { describe, it } from "vitest";
import type { MarketHostMessage } from "../../src/protocol/market-messages";
import { themeNames } from "./harness";
import * as market from "./market-fixture";
import { connected, listed, opened, useMarketPanel } from "./use-market-panel";

const panel = useMarketPanel();
const { open, tell, shoot, look, expectAccessible, button, tab, row } = panel;

describe("market panel, in every state", () => {
  it.each(themeNames)("can be read by everybody in the theme %s", async (theme) => {
    await open({ theme, width: 1_280 }, ...connected, ...opened("open"));
    await button("Accept the bid").first().waitFor();
    await shoot(`bids-${theme}`);
    await expectAccessible();
    await tell(market.draft);
    await tab("Post Job").click();
    await panel.view.page.getByText("At most").waitFor();
    await shoot(`post-${theme}`);
    await expectAccessible();
    await tell(...opened("running"));
    await panel.view.page.getByText("Cost so far").waitFor();
    await shoot(`running-${theme}`);
    await expectAccessible();
    await tell(market.node(), market.detected, market.policy, market.earnings);
    await button("Operator").click();
    await panel.view.page.getByText("Takes jobs").waitFor();
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
      await panel.view.page.getByText(text).first().waitFor();
      await look(`state-${name}`);
    });
  });

  it.each(["assigned", "running", "claimed", "disputed", "settled", "cancelled"] as const)(
    "shows a job that is %s",
    async (state) => {
      await open({}, ...connected, ...opened(state));
      await panel.view.page.getByRole("heading", { name: "Job #12", exact: true }).waitFor();
      await panel.view.page.getByRole("region", { name: "Time line" }).waitFor();
      await look(`job-${state}`);
    },
  );
});
