// A paid job from its post to its pay, on a real chain and a real engine.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { writeSampleImage } from "../../scripts/sample-image.mjs";
import { acceptBid, stopEarly } from "../../src/bridge/market/actions";
import { RATE, TestMarket } from "../../src/bridge/market/testing/market";
import type { Job } from "../../src/bridge/market/types";
import { AutoCountersigner } from "../../src/bridge/market-desk/auto-countersigner";
import { ReceiptBook } from "../../src/bridge/market-desk/receipt-book";
import { readJournal } from "../../src/bridge/metering/metering-journal";
import { verifyBill } from "../../src/bridge/metering/verify-bill";
import { FileMemory } from "../../src/bridge/operator/file-memory";
import { JobRunner } from "../../src/bridge/operator/job-runner";
import { deploymentOf } from "../../src/bridge/operator/job-service";
import type { ReceiptChannel } from "../../src/bridge/operator/receipt-channel";
import { EmbeddedPublisher } from "../../src/bridge/storage/embedded-publisher";
import { EmbeddedReader } from "../../src/bridge/storage/spec-reader";
import { MemorySecrets } from "../../src/bridge/wallet/secret-store";
import { TestSidecar } from "./support/sidecar";

const SPEC = `version: v1
deployment: mine
services:
  web:
    image: { name: "oci-layout.localhost/hello:1" }
    resources: { cpu: 0.5, memory: 64Mi }
    command:
      entrypoint: ["/bin/sh", "-c", "trap 'exit 0' TERM; while true; do sleep 1 & wait; done"]
`;
const NOBODY: ReceiptChannel = { offer: async () => undefined };

let sidecar: TestSidecar;
let market: TestMarket;
let directory: string;
let runner: JobRunner;
let book: ReceiptBook;

beforeAll(async () => {
  sidecar = await TestSidecar.start();
  await writeSampleImage(join(sidecar.directory, "images", "layouts", "hello"));
});
afterAll(() => sidecar.stop());

beforeEach(async () => {
  market = await TestMarket.start(["--block-time", "1"]);
  await market.register();
  directory = await mkdtemp(join(tmpdir(), "zl-paid-job-"));
  book = new ReceiptBook(market.network, new MemorySecrets(), await FileMemory.open(join(directory, "developer.json")));
  runner = newRunner(developer());
});
afterEach(async () => {
  await runner.close();
  await market.stop();
  await rm(directory, { recursive: true, force: true });
  await expect.poll(() => sidecar.leftovers()).toEqual([]);
});

/** The developer's side, which signs what it finds right. Each answer is asked for twice, as after one that was lost. */
function developer(): ReceiptChannel {
  const signer = new AutoCountersigner({ store: () => market.store, book, now: () => market.now() });
  return {
    offer: async (jobId, text) => {
      await market.follow();
      const lost = await signer.offer(jobId, text);
      const answer = await signer.offer(jobId, text);
      expect(answer).toBe(lost);
      return answer;
    },
  };
}

function newRunner(channel: ReceiptChannel): JobRunner {
  const blocks = join(directory, "blocks");
  return new JobRunner({
    market: { ...market.client, store: market.store, parameters: () => market.client.parameters() },
    network: market.network,
    node: market.accounts.node.address,
    wallet: market.wallet(market.accounts.delegate.address),
    engine: sidecar.client,
    specs: new EmbeddedReader(blocks),
    publisher: new EmbeddedPublisher(blocks),
    channel,
    directory: join(directory, "jobs"),
    localImages: true,
    patience: 5,
    log: () => {},
  });
}

async function assigned(spec = SPEC): Promise<bigint> {
  const { cid } = await new EmbeddedPublisher(join(directory, "blocks")).publish(Buffer.from(spec));
  const jobId = await market.post({ specCid: cid, receiptKey: await book.newKey() });
  await market.bid(jobId);
  const { developer: from, node } = market.accounts;
  await market.send(acceptBid(market.client, { from: from.address, jobId, node: node.address, rate: RATE }));
  return jobId;
}

/** Lets the runner work until the job is as wanted. */
async function until(jobId: bigint, what: (job: Job) => boolean): Promise<void> {
  await expect
    .poll(
      async () => {
        await runner.step(await market.now());
        const job = (await market.follow()).job(jobId);
        return (job !== undefined && what(job)) || `${job?.state}: ${runner.words.get(jobId)}`;
      },
      { timeout: 90_000, interval: 500 },
    )
    .toBe(true);
}

function log(jobId: bigint): Promise<string> {
  return readFile(join(directory, "jobs", String(jobId), "log.ndjson"), "utf8").catch(() => "");
}

async function used(jobId: bigint): Promise<number> {
  return readJournal(await log(jobId), jobId).at(-1)?.entry.usedSeconds ?? 0;
}

/** Runs the job until something is in its log. */
async function served(jobId: bigint, seconds = 5): Promise<void> {
  await until(jobId, ({ state }) => state === "running");
  await expect
    .poll(
      async () => {
        await runner.step(await market.now());
        return used(jobId);
      },
      { timeout: 90_000, interval: 500 },
    )
    .toBeGreaterThanOrEqual(seconds);
}

async function stop(jobId: bigint): Promise<void> {
  await market.send(stopEarly(market.client, { from: market.accounts.developer.address, jobId }));
}

/** Sums of everybody before a job is posted, to be compared to the wei. */
async function balances(): Promise<{ readonly node: bigint; readonly developer: bigint }> {
  const { node, developer: payer } = market.accounts;
  return { node: await market.balance(node.address), developer: await market.balance(payer.address) };
}

async function expectPaid(jobId: bigint, before: { node: bigint; developer: bigint }, amount: bigint): Promise<void> {
  const { feeBps } = await market.client.parameters();
  const fee = (amount * BigInt(feeBps)) / 10_000n;
  const after = await balances();
  expect(after.node - before.node).toBe(amount - fee);
  expect(before.developer - after.developer).toBe(amount);
  const { settlement } = await market.job(jobId, "settled");
  expect(settlement).toMatchObject({ fault: "none", fee });
  expect(market.store.node(market.accounts.node.address)).toMatchObject({ locked: 0n, pledged: 0n });
  expect((await sidecar.client.deployments()).map(({ name }) => name)).not.toContain(
    deploymentOf(market.network, jobId),
  );
}

describe("a paid job", () => {
  it("runs, is measured, and is paid to the wei by the receipt that both sides signed", async () => {
    const before = await balances();
    const jobId = await assigned();
    await served(jobId);
    await stop(jobId);
    await until(jobId, ({ state }) => state === "settled");
    const { settlement } = await market.job(jobId, "settled");
    const seconds = await used(jobId);
    expect(settlement).toMatchObject({ by: "receipt", usedSeconds: seconds });
    const last = book.receipts(jobId).at(-1)?.signed.receipt;
    expect(last).toMatchObject({ isFinal: true, usedSeconds: seconds });
    const { service, escrow } = await market.job(jobId, "settled");
    const { differences } = verifyBill(await log(jobId), {
      jobId,
      rate: RATE,
      usedSeconds: last?.usedSeconds ?? 0,
      amount: last?.amount ?? 0n,
      root: last?.usageRoot ?? "0x",
      servedSeconds: service.endsAt - service.startedAt,
      promisedSeconds: service.promised,
      availabilityBps: 0,
      escrow,
    });
    expect(differences).toEqual([]);
    await expectPaid(jobId, before, RATE * BigInt(seconds));
  });

  it("counts nothing twice when the runner and the engine are killed", async () => {
    const before = await balances();
    const jobId = await assigned();
    await served(jobId);
    await runner.close();
    await sidecar.kill();
    await sidecar.supervisor.ensure();
    runner = newRunner(developer());
    await served(jobId, (await used(jobId)) + 3);
    await stop(jobId);
    await until(jobId, ({ state }) => state === "settled");
    const { service, settlement } = await market.job(jobId, "settled");
    const seconds = await used(jobId);
    expect(seconds).toBeLessThanOrEqual(service.endsAt - service.startedAt);
    expect(settlement.usedSeconds).toBe(seconds);
    await expectPaid(jobId, before, RATE * BigInt(seconds));
  });

  it("is paid by the node's own proof when the developer is gone", async () => {
    const before = await balances();
    await runner.close();
    runner = newRunner(NOBODY);
    const jobId = await assigned();
    await served(jobId);
    await stop(jobId);
    await until(jobId, ({ state }) => state === "claimed");
    const { claim } = await market.job(jobId, "claimed");
    const published = await new EmbeddedReader(join(directory, "blocks")).read(claim.logCid);
    expect(readJournal(Buffer.from(published).toString(), jobId).at(-1)?.entry).toEqual(claim.last);
    await market.passSeconds((await market.client.parameters()).disputeWindow + 1);
    await until(jobId, ({ state }) => state === "settled");
    await expectPaid(jobId, before, RATE * BigInt(await used(jobId)));
  });

  it("is paid what was measured when the engine and the source of its spec are gone at its end", async () => {
    const before = await balances();
    const jobId = await assigned();
    await served(jobId);
    const seconds = await used(jobId);
    await rm(join(directory, "blocks"), { recursive: true });
    await sidecar.kill();
    await stop(jobId);
    await until(jobId, ({ state }) => state === "settled");
    expect((await market.job(jobId, "settled")).settlement.usedSeconds).toBe(seconds);
    await sidecar.supervisor.ensure();
    await runner.step(await market.now());
    await expectPaid(jobId, before, RATE * BigInt(seconds));
  });

  it("is paid by the last receipt when its log is damaged", async () => {
    const before = await balances();
    const jobId = await assigned();
    await served(jobId);
    await runner.close();
    const signed = book.receipts(jobId).at(-1)?.signed.receipt;
    const path = join(directory, "jobs", String(jobId), "log.ndjson");
    await writeFile(path, (await readFile(path, "utf8")).replace(/"cpuNanoseconds":"\d/, '"cpuNanoseconds":"9'));
    runner = newRunner(developer());
    await runner.step(await market.now());
    expect(runner.words.get(jobId)).toContain("something was changed");
    await stop(jobId);
    await until(jobId, ({ state }) => state === "settled");
    expect(signed?.usedSeconds).toBeGreaterThan(0);
    await expectPaid(jobId, before, signed?.amount ?? 0n);
  });

  it("with a spec that asks for the host is handed back, and no container of it was ever there", async () => {
    const jobId = await assigned(`${SPEC}    capabilities: [SYS_ADMIN]\n`);
    await market.follow();
    await runner.step(await market.now());
    expect(runner.words.get(jobId)).toContain("services.web.capabilities");
    expect((await market.job(jobId, "open")).barred).toEqual([market.accounts.node.address]);
    expect(await sidecar.client.deployments()).toEqual([]);
  });
});
