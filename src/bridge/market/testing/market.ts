// A market on a chain of the test's own, with everything that tests do again and again.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Address,
  createTestClient,
  createWalletClient,
  type Hex,
  http,
  type LocalAccount,
  type TestClient,
} from "viem";
import { generatePrivateKey, mnemonicToAccount, privateKeyToAccount } from "viem/accounts";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { deployContracts } from "../../../../scripts/deploy-contracts.mjs";
import { CONTRACTS } from "../../../../scripts/lib/foundry.mjs";
import {
  acceptBid,
  approve,
  bid,
  postJob,
  registerNode,
  signWireGuardKey,
  start,
  type Terms,
  transfer,
} from "../actions";
import { chainOf } from "../chain";
import { createMarketClient } from "../create-market-client";
import { MemoryStore } from "../ledger/memory-store";
import type { MarketClient } from "../market-client";
import { type MarketNetwork, parseNetwork } from "../network";
import { type CoSignedReceipt, type Receipt, receiptTypedData } from "../receipts";
import type { Outcome, PreparedTransaction, Wallet } from "../transaction";
import type { Capacity, Job } from "../types";
import { latestHead } from "../watch/head";
import { Synchronizer } from "../watch/synchronizer";
import { type Anvil, startAnvil } from "./anvil";
import { SPEC_CID } from "./market-constants";

export const OTT = 10n ** 18n;
export { SPEC_CID };
export const NEED: Capacity = { millicores: 1000, mebibytes: 1024, gpus: 0, gpuModel: 0, region: 0, labels: 0 };
export const OFFER: Capacity = { millicores: 8000, mebibytes: 16_384, gpus: 1, gpuModel: 7, region: 276, labels: 3 };
/** In wei for a second. */
export const RATE = OTT / 100n;
const MNEMONIC = "test test test test test test test test test test test junk";

export interface Accounts {
  readonly arbiter: LocalAccount;
  readonly developer: LocalAccount;
  readonly node: LocalAccount;
  readonly rival: LocalAccount;
  readonly delegate: LocalAccount;
  /** Has nothing to do with anything, and no OTT. */
  readonly stranger: LocalAccount;
  readonly receiptKey: LocalAccount;
}

export class TestMarket {
  readonly accounts: Accounts;
  /** What the events tell, after `follow`. */
  readonly store = new MemoryStore();
  readonly test: TestClient;
  readonly #sync: Synchronizer;

  private constructor(
    readonly anvil: Anvil,
    readonly network: MarketNetwork,
    readonly client: MarketClient,
  ) {
    const account = (index: number): LocalAccount => mnemonicToAccount(MNEMONIC, { addressIndex: index });
    this.accounts = {
      arbiter: account(0),
      developer: account(1),
      node: account(2),
      rival: account(3),
      delegate: account(4),
      stranger: account(5),
      receiptKey: account(6),
    };
    this.test = createTestClient({ mode: "anvil", chain: chainOf(network), transport: http(network.rpcUrl) });
    this.#sync = new Synchronizer(network, client.chain, this.store);
  }

  /** Deploys the contracts and gives OTT to developer, node and rival, which have approved everything. */
  static async start(args: readonly string[] = []): Promise<TestMarket> {
    const anvil = await startAnvil(args);
    const parameters = JSON.parse(await readFile(join(CONTRACTS, "networks", "devnet.json"), "utf8"));
    const deployment = await deployContracts(parameters, anvil.rpcUrl, { build: false });
    const fields = { ...deployment, rpcUrl: anvil.rpcUrl, wsUrl: anvil.wsUrl };
    const { network, problems } = parseNetwork("devnet", fields, "test");
    if (network === undefined) {
      throw new Error(JSON.stringify(problems));
    }
    const client = createMarketClient({ network });
    client.chain.pollingInterval = 20;
    const market = new TestMarket(anvil, network, client);
    const { arbiter, developer, node, rival } = market.accounts;
    for (const { address } of [developer, node, rival]) {
      await market.send(transfer(client, { from: arbiter.address, to: address, sum: 100_000n * OTT }));
    }
    for (const { address: from } of [developer, node, rival]) {
      for (const spender of ["market", "registry", "distribution"] as const) {
        await market.send(approve(client, { from, spender, sum: 100_000n * OTT }));
      }
    }
    return market;
  }

  async stop(): Promise<void> {
    await this.client.dispose();
    await this.anvil.stop();
  }

  wallet(address: Address): Wallet {
    const { arbiter, developer, node, rival, delegate, stranger, receiptKey } = this.accounts;
    const all = [arbiter, developer, node, rival, delegate, stranger, receiptKey];
    const account = all.find((each) => each.address === address);
    if (account === undefined) {
      throw new Error(`no test account has the address ${address}`);
    }
    return createWalletClient({ account, chain: chainOf(this.network), transport: http(this.network.rpcUrl) });
  }

  /** Signs, sends and waits; anything but success fails the test. */
  async send(preparing: Promise<PreparedTransaction>): Promise<Extract<Outcome, { kind: "confirmed" }>> {
    const prepared = await preparing;
    const sent = await prepared.send(this.wallet(prepared.from));
    const outcome = await sent.wait();
    if (outcome.kind !== "confirmed") {
      throw new Error(
        `${prepared.title}: ${JSON.stringify(outcome, (_, value) => (typeof value === "bigint" ? `${value}` : value))}`,
      );
    }
    return outcome;
  }

  /** Reads what happened. */
  async follow(): Promise<MemoryStore> {
    await this.#sync.follow(await latestHead(this.client.chain), () => {});
    return this.store;
  }

  /** A job as the events tell it. */
  async job<State extends Job["state"]>(id: bigint, state: State): Promise<Extract<Job, { state: State }>> {
    const job = (await this.follow()).job(id);
    expect(job?.state).toBe(state);
    return job as Extract<Job, { state: State }>;
  }

  /** The chain's time in seconds. */
  async now(): Promise<number> {
    return (await latestHead(this.client.chain)).timestamp;
  }

  async passSeconds(seconds: number): Promise<void> {
    await this.test.increaseTime({ seconds });
    await this.test.mine({ blocks: 1 });
  }

  balance(address: Address): Promise<bigint> {
    return this.client.balances(address).then(({ ott }) => ott);
  }

  async terms(change: Partial<Terms> = {}): Promise<Terms> {
    return {
      specCid: SPEC_CID,
      receiptKey: this.accounts.receiptKey.address,
      matching: "developer",
      covered: false,
      availabilityBps: 0,
      maxRate: 2n * RATE,
      escrow: 36n * OTT,
      maxDuration: 7200,
      bidDeadline: (await this.now()) + 600,
      need: NEED,
      ...change,
    };
  }

  /** @returns number of the new job */
  async post(change: Partial<Terms> = {}): Promise<bigint> {
    const terms = await this.terms(change);
    const { jobId } = await this.send(postJob(this.client, { from: this.accounts.developer.address, terms }));
    if (jobId === undefined) {
      throw new Error("no job was posted");
    }
    return jobId;
  }

  async register(who: LocalAccount = this.accounts.node, capacity = OFFER, stake = 5_000n * OTT): Promise<void> {
    const from = who.address;
    const publicKey = generatePrivateKey();
    const key = await (await signWireGuardKey(this.client, { from, publicKey })).sign(this.wallet(from));
    const delegate = this.accounts.delegate.address;
    await this.send(
      registerNode(this.client, { from, capacity, stake, key, ...(who === this.accounts.node && { delegate }) }),
    );
  }

  async bid(jobId: bigint, who: LocalAccount = this.accounts.node, rate = RATE): Promise<void> {
    const validUntil = (await this.now()) + 3600;
    await this.send(bid(this.client, { from: who.address, jobId, node: who.address, rate, validUntil }));
  }

  /** A job that the node was chosen for. */
  async assigned(change: Partial<Terms> = {}): Promise<bigint> {
    await this.register();
    const jobId = await this.post(change);
    await this.bid(jobId);
    const { developer, node } = this.accounts;
    await this.send(acceptBid(this.client, { from: developer.address, jobId, node: node.address, rate: RATE }));
    return jobId;
  }

  async running(change: Partial<Terms> = {}): Promise<bigint> {
    const jobId = await this.assigned(change);
    await this.send(start(this.client, { from: this.accounts.node.address, jobId }));
    return jobId;
  }

  /** Signs a receipt for both sides. */
  async receipt(change: Partial<Receipt> & { readonly jobId: bigint }): Promise<CoSignedReceipt> {
    const usedSeconds = change.usedSeconds ?? 60;
    const receipt: Receipt = {
      sequence: 1,
      usedSeconds,
      amount: RATE * BigInt(usedSeconds),
      usageRoot: `0x${"11".repeat(32)}` satisfies Hex,
      isFinal: false,
      ...change,
    };
    const typedData = receiptTypedData(this.network, receipt);
    const { node, receiptKey } = this.accounts;
    return {
      receipt,
      nodeSignature: await node.signTypedData(typedData),
      developerSignature: await receiptKey.signTypedData(typedData),
    };
  }
}

/** A market for the tests of a file; each test finds it as the first one did. */
export function useMarket(prepare: (market: TestMarket) => Promise<void> = async () => {}): () => TestMarket {
  let market: TestMarket | undefined;
  let snapshot: Hex | undefined;
  const started = (): TestMarket => {
    if (market === undefined) {
      throw new Error("the market has not started");
    }
    return market;
  };
  beforeAll(async () => {
    market = await TestMarket.start();
    await prepare(market);
  }, 60_000);
  beforeEach(async () => {
    snapshot = await started().test.snapshot();
  });
  afterEach(async () => {
    if (snapshot !== undefined) {
      await started().test.revert({ id: snapshot });
    }
  });
  afterAll(() => market?.stop());
  return started;
}

/** A key that nobody has used. */
export function newAccount(): LocalAccount {
  return privateKeyToAccount(generatePrivateKey());
}
