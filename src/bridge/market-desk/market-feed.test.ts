import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { WorkState } from "../../protocol/market-messages";
import { type MarketHostMessage, marketHostMessage, ROWS_PER_MESSAGE } from "../../protocol/market-messages";
import type { BidPolicyRow } from "../../protocol/market-operator";
import { parseMessage } from "../../protocol/webview-message";
import { Emitter } from "../emitter";
import type { OperatorKeyState } from "../operator/operator-key";
import { MarketFeed } from "./market-feed";
import { MarketHub } from "./market-hub";
import {
  activeNode,
  bidOn,
  DEVELOPER,
  FakeClient,
  FakeWallet,
  NODE,
  NOW,
  network,
  openJob,
  runningJob,
  STRANGER,
  settled,
} from "./testing/fake-market";

const POLICY: BidPolicyRow = {
  enabled: false,
  floorPerMillicore: "0",
  floorPerMebibyte: "0",
  floorPerGpu: "0",
  marginBps: 0,
  maxLockBps: 5_000,
  maxDuration: 0,
  requiredLabels: 0,
  acceptsCovered: false,
  validity: 600,
};

let wallet: FakeWallet;
let hub: MarketHub;
let client: FakeClient;
let feed: MarketFeed;
let posted: MarketHostMessage[];
let key: OperatorKeyState;
const works = new Emitter<WorkState>();
const keys = new Emitter<void>();
const policies = new Emitter<void>();

beforeEach(() => {
  wallet = new FakeWallet();
  posted = [];
  key = { kind: "none" };
  hub = new MarketHub({
    wallet,
    open: (of) => {
      client = new FakeClient(of);
      return client;
    },
    onProblem: (message) => {
      throw new Error(message);
    },
  });
  feed = new MarketFeed(
    {
      hub,
      desk: { onWork: (listener) => works.on(listener) },
      receipts: () => ({ receipts: () => [] }),
      key: {
        get state() {
          return key;
        },
        onChange: (listener) => keys.on(listener),
      },
      policy: () => ({ policy: POLICY, status: "" }),
      onPolicy: (listener) => policies.on(listener),
    },
    (message) => {
      const parsed = parseMessage(marketHostMessage, message);
      if (!parsed.ok) {
        throw new Error(`${message.type}: ${parsed.problem}`);
      }
      posted.push(message);
    },
  );
});

afterEach(async () => {
  feed.dispose();
  await hub.dispose();
});

/** The network is in use, its contracts have answered, and the panel has all that there is. */
async function live(): Promise<void> {
  hub.use([network("devnet")], [], "");
  client.become({ kind: "live", block: 10n });
  await settled();
  feed.ready();
}

const types = (): string[] => posted.map(({ type }) => type);
const of = <T extends MarketHostMessage["type"]>(type: T): Extract<MarketHostMessage, { type: T }>[] =>
  posted.filter((message): message is Extract<MarketHostMessage, { type: T }> => message.type === type);
const jobIds = (): string[][] => of("jobs").map(({ rows }) => rows.map(({ id }) => id));
const put = (...jobs: Parameters<FakeClient["store"]["jobsById"]["set"]>[1][]): void => {
  for (const job of jobs) {
    client.store.jobsById.set(job.id, job);
  }
};

describe("MarketFeed", () => {
  it("says nothing to a panel that is not ready, and then everything, each message in the schema", async () => {
    hub.use([network("devnet"), network("other", 1)], [], "");
    put(openJob(1n));
    wallet.switchTo(DEVELOPER);
    works.emit({ key: "post", status: "signing", message: "Confirm." });
    feed.show({ type: "show", side: "developer", page: "jobs", job: "1" });
    expect(posted).toEqual([]);
    client.become({ kind: "live", block: 10n });
    await settled();
    feed.ready();
    expect(of("init")).toMatchObject([{ networks: ["devnet", "other"], selected: "devnet" }]);
    expect(of("network").at(-1)).toMatchObject({ network: { kind: "ready", name: "devnet", block: 10, time: NOW } });
    expect(of("wallet").at(-1)).toMatchObject({ wallet: { kind: "connected", address: DEVELOPER, ott: "7" } });
    expect(jobIds()).toEqual([["1"]]);
    expect(types().indexOf("listed")).toBeGreaterThan(types().indexOf("jobs"));
    expect(of("node")).toMatchObject([{ node: { address: DEVELOPER, status: "none" } }]);
    expect(of("policy")).toHaveLength(1);
    expect(posted.at(-1)).toMatchObject({ type: "show", job: "1" });
  });

  it("does not open a page twice when the panel is made anew", async () => {
    hub.use([network("devnet")], [], "");
    feed.show({ type: "show", side: "developer", page: "post", job: null });
    feed.ready();
    feed.ready();
    expect(of("show")).toHaveLength(1);
  });

  it("says what the chain's state is", async () => {
    feed.ready();
    const states = (): unknown => of("network").at(-1)?.network;
    expect(states()).toEqual({ kind: "none" });
    hub.use([], [{ path: "[0].chainId", message: "is no number" }], "");
    expect(states()).toMatchObject({ kind: "wrong", reason: "[0].chainId is no number." });
    hub.use([network("devnet")], [], "");
    expect(states()).toEqual({ kind: "connecting", name: "devnet" });
    client.become({ kind: "catching-up", from: 0n, at: 5n, to: 9n });
    expect(states()).toEqual({ kind: "syncing", name: "devnet", block: 5, head: 9 });
    client.become({ kind: "waiting", reason: "nothing listens", retryAt: 0 });
    expect(states()).toEqual({ kind: "down", name: "devnet", reason: "nothing listens", since: null });
    client.become({ kind: "failed", reason: "chain 1" });
    expect(states()).toEqual({ kind: "wrong", name: "devnet", reason: "chain 1" });
    client.become({ kind: "live", block: 10n });
    await settled();
    expect(states()).toMatchObject({ kind: "ready" });
  });

  it("sends a long list in parts, and says only at the end that it is whole", async () => {
    hub.use([network("devnet")], [], "");
    for (let id = 1; id <= ROWS_PER_MESSAGE + 1; id++) {
      put(openJob(BigInt(id)));
    }
    client.become({ kind: "live", block: 10n });
    await settled();
    feed.ready();
    expect(of("jobs").map(({ reset, rows }) => [reset, rows.length])).toEqual([
      [true, ROWS_PER_MESSAGE],
      [false, 1],
    ]);
  });

  it("does not call the list whole while the chain is still read", () => {
    hub.use([network("devnet")], [], "");
    client.become({ kind: "catching-up", from: 0n, at: 5n, to: 9n });
    feed.ready();
    expect(of("jobs")).toEqual([{ type: "jobs", reset: true, rows: [], removed: [] }]);
    expect(of("listed")).toEqual([]);
  });

  it("tells of a block the rows that changed, once each, and those that are gone", async () => {
    await live();
    put(openJob(1n), openJob(2n));
    client.store.tell({ jobs: [1n, 2n] });
    posted.length = 0;
    client.store.tell({ jobs: [1n, 2n] });
    expect(of("jobs")).toEqual([]);
    put(openJob(2n, { escrow: 5n }));
    client.store.jobsById.delete(1n);
    client.store.tell({ jobs: [1n, 2n] });
    expect(of("jobs")).toMatchObject([{ reset: false, rows: [{ id: "2", escrow: "5" }], removed: ["1"] }]);
  });

  it("sends the list anew when the chain took blocks back, or the own node is another", async () => {
    await live();
    put(openJob(1n));
    client.store.tell({ jobs: [1n] });
    posted.length = 0;
    client.store.jobsById.clear();
    client.store.tell({ undone: true });
    expect(of("jobs")).toEqual([{ type: "jobs", reset: true, rows: [], removed: [] }]);
    wallet.switchTo(NODE);
    await settled();
    put(openJob(3n));
    client.store.nodesByAddress.set(NODE, activeNode());
    posted.length = 0;
    client.store.tell({ nodes: [STRANGER] });
    expect(of("jobs")).toEqual([]);
    client.store.tell({ nodes: [NODE] });
    expect(of("jobs")).toMatchObject([{ reset: true, rows: [{ id: "3", unfit: "" }] }]);
    expect(of("node").at(-1)).toMatchObject({ node: { address: NODE, status: "active", stake: "100000" } });
  });

  it("tells the open job's page and its bids, as far as they changed, and those of no other job", async () => {
    await live();
    put(openJob(1n), openJob(2n));
    client.store.bidsByJob.set(1n, [bidOn(1n)]);
    client.store.nodesByAddress.set(NODE, activeNode());
    feed.open("1");
    expect(of("job")).toMatchObject([{ id: "1", page: { id: "1" } }]);
    expect(of("bids")).toMatchObject([{ id: "1", reset: true, rows: [{ node: NODE, rate: "12" }], removed: [] }]);
    posted.length = 0;
    client.store.tell({ jobs: [1n] });
    expect(of("bids")).toEqual([]);
    client.store.bidsByJob.set(1n, [bidOn(1n, { rate: 11n }), bidOn(1n, { node: STRANGER })]);
    client.store.tell({ jobs: [1n] });
    expect(of("bids")).toMatchObject([{ reset: false, rows: [{ rate: "11" }, { node: STRANGER }], removed: [] }]);
    client.store.bidsByJob.set(1n, [bidOn(1n, { rate: 11n })]);
    posted.length = 0;
    client.store.tell({ jobs: [1n] });
    expect(of("bids")).toMatchObject([{ rows: [], removed: [STRANGER] }]);
    feed.open(null);
    posted.length = 0;
    client.store.tell({ jobs: [1n] });
    expect(of("job")).toEqual([]);
  });

  it("says that a job does not exist only when all blocks are known", async () => {
    hub.use([network("devnet")], [], "");
    client.become({ kind: "live", block: 10n });
    await settled();
    feed.ready();
    client.become({ kind: "catching-up", from: 0n, at: 1n, to: 2n });
    feed.open("7");
    expect(of("job")).toEqual([]);
    client.become({ kind: "live", block: 10n });
    client.store.tell();
    expect(of("job")).toEqual([{ type: "job", id: "7", page: null }]);
  });

  it("shows a job to another account with what that one may do", async () => {
    await live();
    put(runningJob(1n));
    feed.open("1");
    const may = (): string[] => (of("job").at(-1)?.page?.actions ?? []).map(({ action }) => action);
    expect(may()).toEqual([]);
    wallet.switchTo(DEVELOPER);
    expect(may()).toContain("topUp");
    expect(of("jobs").at(-1)).toMatchObject({ reset: true, rows: [{ mine: true, serving: false }] });
    wallet.switchTo(NODE);
    expect(may()).toContain("signReceipt");
    expect(of("jobs").at(-1)).toMatchObject({ reset: true, rows: [{ mine: false, serving: true }] });
  });

  it("passes on work, drafts, what the machine has, the key and the policy", async () => {
    await live();
    wallet.switchTo(NODE);
    posted.length = 0;
    works.emit({ key: "post", status: "signing", message: "Confirm." });
    feed.setDraft({ kind: "loading" });
    feed.setDetected({ kind: "unknown", reason: "no engine" });
    policies.emit();
    key = { kind: "here", address: STRANGER, fees: 12n };
    keys.emit();
    expect(types()).toEqual(["work", "draft", "detected", "policy", "node", "earnings"]);
    expect(of("node")).toMatchObject([{ node: { key: { kind: "here", address: STRANGER, fees: "12" } } }]);
    // A panel that is made anew is told again what does not come by itself.
    posted.length = 0;
    feed.ready();
    expect(of("draft")).toEqual([{ type: "draft", draft: { kind: "loading" } }]);
    expect(of("detected")).toHaveLength(1);
  });

  it("is silent once it is disposed", async () => {
    await live();
    feed.dispose();
    posted.length = 0;
    wallet.switchTo(DEVELOPER);
    client.store.tell({ jobs: [1n] });
    works.emit({ key: "post", status: "signing", message: "Confirm." });
    policies.emit();
    keys.emit();
    expect(posted).toEqual([]);
  });
});
