import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Balances } from "../market/market-client";
import type { MarketParameters } from "../market/types";
import { type HubChange, MarketHub } from "./market-hub";
import {
  activeNode,
  DEVELOPER,
  FakeClient,
  FakeWallet,
  NODE,
  NOW,
  network,
  PARAMETERS,
  settled,
} from "./testing/fake-market";

const FIRST = network("first");
const SECOND = network("second", 1);

let wallet: FakeWallet;
let hub: MarketHub;
let clients: FakeClient[];
let changes: HubChange["kind"][];
let problems: string[];

beforeEach(() => {
  wallet = new FakeWallet();
  clients = [];
  changes = [];
  problems = [];
  hub = new MarketHub({
    wallet,
    open: (of) => {
      const client = new FakeClient(of);
      clients.push(client);
      return client;
    },
    onProblem: (message) => void problems.push(message),
  });
  hub.onChange(({ kind }) => void changes.push(kind));
});

afterEach(() => hub.dispose());

const latest = (): FakeClient => clients.at(-1) as FakeClient;

/** The network is in use, and its contracts have answered. */
async function live(): Promise<FakeClient> {
  hub.use([FIRST, SECOND], [], "");
  latest().become({ kind: "live", block: 10n });
  await settled();
  return latest();
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

describe("MarketHub", () => {
  it("uses the network of the name, the first without one, and none for a name that is unknown", async () => {
    hub.use([FIRST, SECOND], [], "second");
    expect(hub.client?.network).toBe(SECOND);
    hub.use([FIRST, SECOND], [], "");
    expect(hub.client?.network).toBe(FIRST);
    hub.use([FIRST, SECOND], [], "third");
    expect(hub.client).toBeUndefined();
    await settled();
    expect(clients.map(({ calls }) => calls.at(-1))).toEqual(["disposed", "disposed"]);
  });

  it("keeps the connection when the settings say the same again", async () => {
    const client = await live();
    hub.use([network("first"), SECOND], [], "first");
    expect(hub.client).toBe(client);
    expect(hub.parameters).toBe(PARAMETERS);
    hub.use([{ ...FIRST, rpcUrl: "http://127.0.0.1:2" }], [], "first");
    expect(hub.client).not.toBe(client);
    expect(hub.parameters).toBeUndefined();
  });

  it("starts a client only when the one before has let go of its file", async () => {
    const before = await live();
    const gone = deferred<void>();
    before.ending = gone.promise;
    hub.restart();
    await settled();
    expect(latest().calls).toEqual([]);
    gone.resolve();
    await settled();
    expect(before.calls).toEqual(["started", "disposed"]);
    expect(latest().calls).toEqual(["started"]);
  });

  it("starts none that was replaced before its turn came", async () => {
    hub.use([FIRST], [], "");
    hub.use([SECOND], [], "");
    hub.use([FIRST], [], "");
    await settled();
    expect(clients.map(({ calls }) => calls)).toEqual([["disposed"], ["disposed"], ["started"]]);
  });

  it("reads the parameters once, and says when they are there", async () => {
    const client = await live();
    let asked = 0;
    client.answers.parameters = async () => {
      asked += 1;
      return PARAMETERS;
    };
    client.become({ kind: "live", block: 11n });
    await settled();
    expect(asked).toBe(0);
    expect(changes).toEqual(["network", "status", "network", "status"]);
  });

  it("says why the parameters cannot be read, and tries again with the next block", async () => {
    hub.use([FIRST], [], "");
    latest().answers.parameters = async () => {
      throw new Error("no contract there");
    };
    latest().become({ kind: "live", block: 10n });
    await settled();
    expect(problems).toEqual(["The market's parameters could not be read: no contract there"]);
    expect(hub.parameters).toBeUndefined();
    latest().answers.parameters = async () => PARAMETERS;
    latest().become({ kind: "live", block: 11n });
    await settled();
    expect(hub.parameters).toBe(PARAMETERS);
  });

  it("drops answers and changes of a client that is no longer used", async () => {
    hub.use([FIRST], [], "");
    const late = deferred<MarketParameters>();
    latest().answers.parameters = () => late.promise;
    latest().become({ kind: "live", block: 10n });
    const old = latest();
    hub.use([SECOND], [], "");
    late.resolve(PARAMETERS);
    await settled();
    expect(hub.parameters).toBeUndefined();
    changes.length = 0;
    old.become({ kind: "live", block: 11n });
    old.store.tell({ jobs: [1n] });
    expect(changes).toEqual([]);
  });

  it("shows the balances of the account that is connected, never those of the one before", async () => {
    const client = await live();
    const slow = deferred<Balances>();
    const allowances = { market: 0n, registry: 0n, distribution: 0n };
    client.answers.balances = (account) =>
      account === DEVELOPER ? slow.promise : Promise.resolve({ native: 1n, ott: 2n, allowances });
    wallet.switchTo(DEVELOPER);
    expect(hub.account).toBe(DEVELOPER);
    expect(hub.balances).toBeUndefined();
    wallet.switchTo(NODE);
    await settled();
    slow.resolve({ native: 9n, ott: 9n, allowances });
    await settled();
    expect(hub.balances).toEqual({ native: 1n, ott: 2n, allowances });
    wallet.switchTo(undefined);
    expect(hub.balances).toBeUndefined();
    expect(hub.account).toBeUndefined();
  });

  it("reads the balances again after each block, and says when they cannot be read", async () => {
    const client = await live();
    wallet.switchTo(DEVELOPER);
    await settled();
    changes.length = 0;
    client.store.tell();
    await settled();
    expect(changes).toEqual(["store", "balances"]);
    client.answers.balances = async () => {
      throw new Error("rate limited");
    };
    client.store.tell();
    await settled();
    expect(problems).toEqual(["The balances could not be read: rate limited"]);
  });

  it("asks for no balances while the chain does not answer", async () => {
    const client = await live();
    let asked = 0;
    client.answers.balances = () => {
      asked += 1;
      return Promise.reject(new Error("unexpected"));
    };
    client.become({ kind: "waiting", reason: "down", retryAt: 0 });
    wallet.switchTo(DEVELOPER);
    await settled();
    expect(asked).toBe(0);
    expect(hub.lastSeen).toBeGreaterThan(0);
  });

  it("knows the account's own node, and goes by the chain's clock where that is ahead", async () => {
    const client = await live();
    expect(hub.now).toBe(NOW);
    client.store.nodesByAddress.set(NODE, activeNode());
    expect(hub.node).toBeUndefined();
    wallet.switchTo(NODE);
    expect(hub.node).toEqual(activeNode());
    client.store.tip = undefined;
    expect(hub.now).toBeLessThan(NOW);
  });

  it("ends with its client, and says nothing any more", async () => {
    const client = await live();
    changes.length = 0;
    await hub.dispose();
    expect(client.calls).toEqual(["started", "disposed"]);
    wallet.switchTo(DEVELOPER);
    client.become({ kind: "live", block: 12n });
    expect(changes).toEqual([]);
  });
});
