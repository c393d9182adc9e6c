// `npm run devnet` as a user starts and stops it.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createWalletClient, http, parseEther, zeroAddress } from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ROOT } from "../../scripts/lib/paths.mjs";
import { acceptBid, approve, bid, postJob } from "../../src/bridge/market/actions";
import { chainOf, connect } from "../../src/bridge/market/chain";
import { createMarketClient } from "../../src/bridge/market/create-market-client";
import { loadNetworks } from "../../src/bridge/market/devnet-file";
import { MemoryStore } from "../../src/bridge/market/ledger/memory-store";
import type { MarketClient } from "../../src/bridge/market/market-client";
import type { MarketNetwork } from "../../src/bridge/market/network";
import { SPEC_CID } from "../../src/bridge/market/testing/market-constants";
import type { PreparedTransaction } from "../../src/bridge/market/transaction";
import { latestHead } from "../../src/bridge/market/watch/head";
import { Synchronizer } from "../../src/bridge/market/watch/synchronizer";
import { DEVNET_PHRASE } from "../../src/bridge/wallet/devnet-account";

const OTT = 10n ** 18n;
const account = (index: number) => mnemonicToAccount(DEVNET_PHRASE, { addressIndex: index });
const [developer, operator] = [account(1), account(2)];

let directory: string;
const running: ChildProcess[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "zlayer-devnet-"));
});
afterEach(async () => {
  for (const child of running.splice(0).filter((each) => each.exitCode === null && each.signalCode === null)) {
    child.kill("SIGINT");
    await once(child, "exit");
  }
  await rm(directory, { recursive: true, force: true });
});

interface Devnet {
  readonly output: string;
  readonly network: MarketNetwork;
  /** Presses Ctrl-C. @returns exit code and all that was printed */
  stop(): Promise<{ readonly code: number | null; readonly output: string }>;
}

function start(...args: string[]): { readonly child: ChildProcess; readonly output: () => string } {
  const child = spawn(process.execPath, [join(ROOT, "scripts", "devnet.mjs"), "--state", directory, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
  }
  return { child, output: () => output };
}

async function startDevnet(...args: string[]): Promise<Devnet> {
  const { child, output } = start(...args);
  const ended = once(child, "exit");
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on("data", () => (output().includes("The extension finds the network") ? resolve() : undefined));
    child.once("exit", () => reject(new Error(`the devnet ended:\n${output()}`)));
  });
  const { networks, problems } = await loadNetworks(undefined, join(directory, "network.json"));
  const [network] = networks;
  if (network === undefined) {
    throw new Error(`no network was written: ${JSON.stringify(problems)}`);
  }
  return {
    output: output(),
    network,
    stop: async () => {
      child.kill("SIGINT");
      const [code] = await ended;
      return { code: code as number | null, output: output() };
    },
  };
}

async function send(network: MarketNetwork, from: typeof developer, preparing: Promise<PreparedTransaction>) {
  const wallet = createWalletClient({ account: from, chain: chainOf(network), transport: http(network.rpcUrl) });
  const outcome = await (await (await preparing).send(wallet)).wait();
  if (outcome.kind !== "confirmed") {
    throw new Error(`${outcome.kind}: ${"reason" in outcome ? outcome.reason : ""}`);
  }
  return outcome;
}

async function readAll(network: MarketNetwork, client: MarketClient): Promise<MemoryStore> {
  const store = new MemoryStore();
  await new Synchronizer(network, client.chain, store).follow(await latestHead(client.chain), () => {});
  return store;
}

/** Posts a job with an escrow of 36 OTT. @returns its number */
async function post(network: MarketNetwork, client: MarketClient): Promise<bigint> {
  const from = developer.address;
  await send(network, developer, approve(client, { from, spender: "market", sum: 36n * OTT }));
  const { timestamp } = await latestHead(client.chain);
  const terms = {
    specCid: SPEC_CID,
    receiptKey: account(6).address,
    matching: "developer",
    covered: false,
    availabilityBps: 0,
    maxRate: OTT / 100n,
    escrow: 36n * OTT,
    maxDuration: 3600,
    bidDeadline: timestamp + 3600,
    need: { millicores: 1000, mebibytes: 1024, gpus: 0, gpuModel: 0, region: 0, labels: 0 },
  } as const;
  const { jobId } = await send(network, developer, postJob(client, { from, terms }));
  if (jobId === undefined) {
    throw new Error("no job was posted");
  }
  return jobId;
}

describe("npm run devnet", () => {
  it("has contracts, accounts with money, and two nodes that can bid; goes on where it was stopped", async () => {
    const first = await startDevnet("--port", "0");
    const client = createMarketClient({ network: first.network });
    for (const [index, ott] of [100_000n, undefined, undefined].entries()) {
      const { native, ott: held } = await client.balances(account(1 + index).address);
      expect(native).toBeGreaterThan(parseEther("1000"));
      // Operators have pledged a part of theirs.
      expect(held).toBeGreaterThanOrEqual((ott ?? 10_000n) * OTT);
      expect(first.output).toContain(account(1 + index).address);
    }
    const before = await readAll(first.network, client);
    const nodes = before.nodes({ limit: 10 }).rows;
    expect(nodes.map(({ address }) => address).sort()).toEqual([account(2).address, account(3).address].sort());
    expect(nodes.map(({ status }) => status)).toEqual(["active", "active"]);

    const jobId = await post(first.network, client);
    const from = operator.address;
    const { timestamp } = await latestHead(client.chain);
    const offer = { from, jobId, node: from, rate: OTT / 200n, validUntil: timestamp + 3000 };
    await send(first.network, operator, bid(client, offer));
    const height = await client.chain.getBlockNumber();
    await client.dispose();
    const stopped = await first.stop();
    expect(stopped.code).toBe(0);
    expect(stopped.output).toContain("The devnet has ended; its state is kept.");
    await expect(connect(first.network).getChainId(), "anvil must have ended too").rejects.toThrow();

    const second = await startDevnet("--port", "0");
    expect(second.network.addresses).toEqual(first.network.addresses);
    const again = createMarketClient({ network: second.network });
    expect(await again.chain.getBlockNumber()).toBeGreaterThanOrEqual(height);
    const after = await readAll(second.network, again);
    expect(after.job(jobId)).toMatchObject({ state: "open", developer: developer.address });
    expect(after.bids(jobId)).toMatchObject([{ node: operator.address, rate: OTT / 200n }]);
    const choice = { from: developer.address, jobId, node: operator.address, rate: OTT / 200n };
    await send(second.network, developer, acceptBid(again, choice));
    await again.dispose();
    expect((await second.stop()).code).toBe(0);
  });

  it("starts anew with --reset", async () => {
    const first = await startDevnet("--port", "0");
    const client = createMarketClient({ network: first.network });
    await post(first.network, client);
    await client.dispose();
    await first.stop();
    const second = await startDevnet("--port", "0", "--reset");
    const again = createMarketClient({ network: second.network });
    expect((await readAll(second.network, again)).jobs({ limit: 10 }).rows).toEqual([]);
    await again.dispose();
    await second.stop();
  });

  it("says that the port is taken, and what can be done", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const { child, output } = start("--port", String(port));
    const [code] = await once(child, "exit");
    other.close();
    expect(code).toBe(1);
    expect(output()).toContain(
      `port ${port} is in use: is a devnet running already? Otherwise choose another one with --port`,
    );
    await expect(readFile(join(directory, "network.json"))).rejects.toThrow("ENOENT");
  });

  it("refuses a port that is none", async () => {
    const { child, output } = start("--port", "http");
    const [code] = await once(child, "exit");
    expect(code).toBe(1);
    expect(output()).toContain("--port must be a number from 0 to 65535, but is http");
  });

  it("starts anew when what was kept is of other contracts", async () => {
    const first = await startDevnet("--port", "0");
    await first.stop();
    await writeFile(join(directory, "contracts.sha256"), zeroAddress);
    const second = await startDevnet("--port", "0");
    expect(second.output).toContain("The contracts have changed since the last run: the devnet starts anew.");
    await second.stop();
  });
});
