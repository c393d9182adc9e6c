import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { approve, cancel } from "../actions";
import { createMarketClient } from "../create-market-client";
import type { MarketClient, MarketStatus } from "../market-client";
import { FaultProxy } from "../testing/fault-proxy";
import { OTT, useMarket } from "../testing/market";
import type { Job } from "../types";

/** Waits for a state of a client that has been started. */
function until(client: MarketClient, condition: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const check = (): void => {
      if (condition()) {
        stop();
        clearTimeout(timer);
        resolve();
      }
    };
    const ends = [client.onStatus(check), client.store.subscribe(check)];
    const stop = (): void => {
      for (const end of ends) {
        end();
      }
    };
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`it did not come; the watcher says ${JSON.stringify(client.status, printable)}`));
    }, 15_000);
    check();
  });
}

const printable = (_: string, value: unknown): unknown => (typeof value === "bigint" ? `${value}` : value);

describe("the watcher", { timeout: 30_000 }, () => {
  const market = useMarket();
  const clients: MarketClient[] = [];
  let proxy: FaultProxy;
  let directory: string;

  beforeEach(async () => {
    proxy = await FaultProxy.start(market().anvil);
    directory = await mkdtemp(join(tmpdir(), "zlayer-market-"));
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.dispose()));
    await proxy.stop();
    await rm(directory, { recursive: true });
  });

  function watch(change: { wsUrl?: undefined } = {}): MarketClient {
    const { wsUrl: _, ...network } = { ...market().network, rpcUrl: proxy.rpcUrl };
    const client = createMarketClient({
      network: "wsUrl" in change ? network : { ...network, wsUrl: proxy.wsUrl },
      directory,
    });
    clients.push(client);
    client.start();
    return client;
  }

  const head = async (): Promise<bigint> => market().client.chain.getBlockNumber();
  const live = async (client: MarketClient): Promise<void> => {
    const block = await head();
    await until(client, () => client.status.kind === "live" && client.status.block >= block);
  };
  const jobIs = (client: MarketClient, id: bigint, state: Job["state"]): Promise<void> =>
    until(client, () => client.store.job(id)?.state === state);

  it("reads what was there before, and then each new block as it comes", async () => {
    const first = await market().post();
    const client = watch();
    await jobIs(client, first, "open");
    const second = await market().post({ escrow: 72n * OTT });
    await jobIs(client, second, "open");
    expect(client.store.job(second)?.escrow).toBe(72n * OTT);
    expect(client.store.jobs().rows.map(({ id }) => id)).toEqual([second, first]);
  });

  it("asks nothing for a block without events, and once for one with events", async () => {
    const client = watch();
    await live(client);
    proxy.forget();
    for (let i = 0; i < 5; i++) {
      await market().test.mine({ blocks: 1 });
      await live(client);
    }
    expect(proxy.calls).toEqual([]);
    await jobIs(client, await market().post(), "open");
    expect(proxy.calls.map(({ method }) => method)).toEqual(["eth_getLogs"]);
  });

  it("works without a websocket", async () => {
    const client = watch({ wsUrl: undefined });
    await live(client);
    await jobIs(client, await market().post(), "open");
  });

  it("catches up after the connection was lost, and tells nobody twice", async () => {
    const client = watch();
    await live(client);
    const told: bigint[] = [];
    client.store.subscribe(({ jobs }) => told.push(...jobs));
    proxy.cut();
    await until(client, () => client.status.kind === "waiting");
    const jobId = await market().post();
    await jobIs(client, jobId, "open");
    await live(client);
    expect(told).toEqual([jobId]);
  });

  it("takes back what happened in blocks that the chain took back", async () => {
    const kept = await market().post();
    const client = watch();
    await live(client);
    const before = await head();
    const orphaned = await market().post();
    await market().send(cancel(market().client, { from: market().accounts.developer.address, jobId: kept }));
    await jobIs(client, kept, "cancelled");
    const undone: boolean[] = [];
    client.store.subscribe((change) => undone.push(change.undone));
    // The last two blocks become empty ones with other hashes.
    await market().client.chain.request({
      method: "anvil_reorg" as never,
      params: [Number((await head()) - before), []] as never,
    });
    await market().test.mine({ blocks: 1 });
    await jobIs(client, kept, "open");
    expect(client.store.job(orphaned)).toBeUndefined();
    expect(client.store.timeline(kept).map(({ kind }) => kind)).toEqual(["posted"]);
    expect(undone).toContain(true);
    const again = await market().post();
    await jobIs(client, again, "open");
    expect(client.store.jobs().total).toBe(2);
  });

  it("follows a chain that was rolled back to fewer blocks", async () => {
    const client = watch();
    await live(client);
    const jobId = await market().post();
    await jobIs(client, jobId, "open");
    await market().client.chain.request({ method: "anvil_rollback" as never, params: [1] as never });
    await market().test.mine({ blocks: 1 });
    await until(client, () => client.store.job(jobId) === undefined);
  });

  it("reads nothing twice after a restart", async () => {
    const jobId = await market().post();
    const first = watch();
    await live(first);
    await first.dispose();
    proxy.forget();
    const second = watch();
    await live(second);
    expect(second.store.job(jobId)).toEqual(first.store.job(jobId));
    expect(second.store.timeline(jobId)).toEqual(first.store.timeline(jobId));
    expect(proxy.count("eth_getLogs")).toBe(0);
    const third = await market().post();
    await jobIs(second, third, "open");
    expect(proxy.count("eth_getLogs")).toBe(1);
  });

  it("undoes after a restart what the chain took back in the meantime", async () => {
    const client = watch();
    await live(client);
    const jobId = await market().post();
    await jobIs(client, jobId, "open");
    await client.dispose();
    await market().client.chain.request({ method: "anvil_reorg" as never, params: [1, []] as never });
    const again = watch();
    await live(again);
    expect(again.store.job(jobId)).toBeUndefined();
  });

  it.each([
    ["cut off in the middle", (file: Buffer) => file.subarray(0, file.length - 7)],
    [
      "changed in one byte",
      (file: Buffer) => Buffer.concat([file.subarray(0, 400), Buffer.from([255]), file.subarray(401)]),
    ],
    ["empty", () => Buffer.alloc(0)],
    ["something else", () => Buffer.from("not a market at all, but long enough to look like one")],
  ])("rebuilds a file that is %s", async (_what, damage) => {
    const jobId = await market().post();
    const first = watch();
    await live(first);
    await first.dispose();
    const [name = ""] = await readdir(directory);
    const path = join(directory, name);
    await writeFile(path, damage(await readFile(path)));
    const second = watch();
    await live(second);
    expect(second.store.job(jobId)?.state).toBe("open");
    expect(second.store.jobs().total).toBe(1);
    await second.dispose();
    proxy.forget();
    await live(watch());
    expect(proxy.count("eth_getLogs")).toBe(0);
  });

  it("lets one process write and another read", async () => {
    const first = watch();
    await live(first);
    const second = watch();
    const jobId = await market().post();
    await jobIs(first, jobId, "open");
    await jobIs(second, jobId, "open");
    await second.dispose();
    await first.dispose();
    expect((await readdir(directory)).length).toBe(1);
  });

  it("makes its pages smaller when the provider allows fewer blocks", async () => {
    const jobId = await market().post();
    await market().test.mine({ blocks: 40 });
    proxy.before = ({ method, params }) => {
      const filter = params?.[0] as { fromBlock?: string; toBlock?: string } | undefined;
      const wide = method === "eth_getLogs" && Number(filter?.toBlock) - Number(filter?.fromBlock) >= 10;
      return wide ? { error: { code: -32600, message: "block range is too large, max is 10 blocks" } } : undefined;
    };
    const client = watch();
    await live(client);
    expect(client.store.job(jobId)?.state).toBe("open");
    expect(client.store.jobs().total).toBe(1);
  });

  it("waits as long as a provider asks that gets too many requests", async () => {
    let refusals = 0;
    proxy.before = ({ method }) =>
      method === "eth_getLogs" && refusals++ === 0 ? { status: 429, headers: { "retry-after": "1" } } : undefined;
    const client = watch();
    await live(client);
    expect(refusals).toBe(2);
  });

  it("says so when a provider asks for a long pause", async () => {
    proxy.before = ({ method }) =>
      method === "eth_getLogs" ? { status: 429, headers: { "retry-after": "600" } } : undefined;
    const client = watch();
    await until(client, () => client.status.kind === "waiting");
    const status = client.status as Extract<MarketStatus, { kind: "waiting" }>;
    expect(status.reason).toContain("gets too many requests. Try again in 600 s");
    expect(status.retryAt).toBeGreaterThan(Date.now() + 500_000);
  });

  it("fails with the reason when the RPC serves another chain", async () => {
    proxy.before = ({ method }) => (method === "eth_chainId" ? { result: "0x1" } : undefined);
    const client = watch();
    await until(client, () => client.status.kind === "failed");
    expect(client.status).toMatchObject({ reason: expect.stringContaining("serves chain 1") });
  });

  it.each<[string, (call: { method: string }, result: unknown) => unknown, string]>([
    [
      "a log of another contract",
      ({ method }, result) =>
        method === "eth_getLogs"
          ? (result as { address: string }[]).map((log) => ({ ...log, address: `0x${"ab".repeat(20)}` }))
          : result,
      "which nobody asked for",
    ],
    [
      "logs with an absurd number of a block",
      ({ method }, result) =>
        method === "eth_getLogs"
          ? (result as object[]).map((log) => ({ ...log, blockNumber: `0x${"f".repeat(40)}` }))
          : result,
      "it answers log",
    ],
    [
      "a block with an absurd number",
      ({ method }, result) =>
        method === "eth_getBlockByNumber" ? { ...(result as object), number: `0x${"f".repeat(40)}` } : result,
      "sends a block whose number is",
    ],
    [
      "logs with the hash of another block",
      ({ method }, result) =>
        method === "eth_getLogs"
          ? (result as object[]).map((log) => ({ ...log, blockHash: `0x${"cd".repeat(32)}` }))
          : result,
      "it answers two blocks|the logs of block|asked for block|sends a block without a hash",
    ],
    [
      "the same log twice",
      ({ method }, result) => (method === "eth_getLogs" ? (result as object[]).flatMap((log) => [log, log]) : result),
      "twice or out of order",
    ],
    [
      "events without those before them",
      ({ method }, result) => (method === "eth_getLogs" ? (result as object[]).slice(-1) : result),
      "do not fit together",
    ],
    [
      "logs that are no events",
      ({ method }, result) =>
        method === "eth_getLogs" ? (result as object[]).map((log) => ({ ...log, data: "0x1234" })) : result,
      "is no event of the contract",
    ],
  ])("believes no RPC that sends %s, and goes on when it is better", async (_what, lie, reason) => {
    const jobId = await market().post();
    await market()
      .bid.call(market(), jobId)
      .catch(() => {});
    await market().send(cancel(market().client, { from: market().accounts.developer.address, jobId }));
    proxy.after = lie;
    const client = watch();
    await until(client, () => client.status.kind === "waiting" && client.status.reason.includes("cannot be trusted"));
    expect(client.status).toMatchObject({ reason: expect.stringMatching(reason) });
    expect(client.store.job(jobId)?.state ?? "unknown").not.toBe("cancelled");
    proxy.after = (_call, result) => result;
    await jobIs(client, jobId, "cancelled");
  });

  it("asks again for a block that one of the provider's machines does not know yet", async () => {
    const client = watch();
    await live(client);
    let refusals = 0;
    proxy.before = ({ method }) =>
      method === "eth_getLogs" && refusals++ === 0 ? { error: { code: -32000, message: "unknown block" } } : undefined;
    await jobIs(client, await market().post(), "open");
    expect(client.status.kind).toBe("live");
  });

  it("ignores transactions that are not the market's", async () => {
    const client = watch();
    await live(client);
    const { accounts } = market();
    await market().send(approve(market().client, { from: accounts.developer.address, spender: "market", sum: 1n }));
    await live(client);
    expect(client.store.jobs().total).toBe(0);
  });
});
