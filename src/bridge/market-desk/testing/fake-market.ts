// A market without a chain: the test says what the contracts hold, when they answer and how the connection is.
import { type Address, createPublicClient, custom } from "viem";
import { Emitter, type Unsubscribe } from "../../emitter";
import type { Balances, MarketClient, MarketStatus } from "../../market/market-client";
import type { MarketNetwork } from "../../market/network";
import type { JobQuery, MarketStore, NodeQuery, Page, StoreChange, Tip } from "../../market/store";
import type {
  ActiveNode,
  Assignment,
  Bid,
  Job,
  JobEvent,
  JobTerms,
  MarketNode,
  MarketParameters,
  OpenJob,
  RunningJob,
} from "../../market/types";
import type { DeskWallet } from "../desk-wallet";

export const DEVELOPER: Address = "0x1111111111111111111111111111111111111111";
export const NODE: Address = "0x2222222222222222222222222222222222222222";
export const STRANGER: Address = "0x3333333333333333333333333333333333333333";
/** Seconds since the Unix epoch; later than any clock that runs the tests, so that the chain's clock counts. */
export const NOW = 4_000_000_000;

export const PARAMETERS: MarketParameters = {
  stakePerMillicore: 1n,
  stakePerMebibyte: 1n,
  stakePerGpu: 100n,
  lockBps: 5_000,
  unbondingDelay: 1_209_600,
  feeBps: 200,
  noShowBps: 1_000,
  acceptWindow: 86_400,
  startWindow: 900,
  rebidWindow: 600,
  claimWindow: 3_600,
  minFundedSeconds: 60,
  maxBidding: 2_592_000,
  maxDuration: 31_536_000,
  disputeWindow: 172_800,
  decisionWindow: 604_800,
  bondBps: 1_000,
  minBond: 10n,
  arbiter: STRANGER,
};

export const network = (name: string, chainId = 31_337): MarketNetwork => ({
  name,
  chainId,
  rpcUrl: "http://127.0.0.1:1",
  addresses: { token: STRANGER, registry: STRANGER, market: STRANGER, distribution: STRANGER },
  deploymentBlock: 0n,
  isDevnet: chainId === 31_337,
  currency: "ETH",
});

const terms = (id: bigint): JobTerms => ({
  id,
  developer: DEVELOPER,
  specCid: "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4",
  receiptKey: STRANGER,
  matching: "developer",
  covered: false,
  availabilityBps: 0,
  maxRate: 20n,
  deposit: 1_000n,
  escrow: 1_000n,
  maxDuration: 3_600,
  need: { millicores: 500, mebibytes: 256, gpus: 0, gpuModel: 0, region: 0, labels: 0 },
  postedAt: NOW - 1_000,
  rounds: 0,
  barred: [],
});

export const ASSIGNMENT: Assignment = { node: NODE, rate: 10n, locked: 500n, pledged: 0n, assignedAt: NOW - 800 };

/** A job that takes bids for ten minutes more. */
export const openJob = (id: bigint, more: Partial<OpenJob> = {}): OpenJob => ({
  ...terms(id),
  state: "open",
  bidDeadline: NOW + 600,
  ...more,
});

/** A job that `NODE` serves for `DEVELOPER`, for ten minutes more. */
export const runningJob = (id: bigint, more: Partial<RunningJob> = {}): RunningJob => ({
  ...terms(id),
  state: "running",
  assignment: ASSIGNMENT,
  service: { startedAt: NOW - 600, endsAt: NOW + 600, promised: 1_200 },
  ...more,
});

/** A node that fits every job here. */
export const activeNode = (more: Partial<ActiveNode> = {}): ActiveNode => ({
  address: NODE,
  status: "active",
  capacity: { millicores: 8_000, mebibytes: 16_384, gpus: 0, gpuModel: 0, region: 276, labels: 0 },
  wireGuardKey: `0x${"11".repeat(32)}`,
  keyEpoch: 1,
  stake: 100_000n,
  locked: 0n,
  unbonding: 0n,
  unbondedAt: 0,
  reputation: 5n,
  pledged: 0n,
  registeredAt: NOW - 10_000,
  record: { settled: 0, declined: 0, absent: 0, falseClaims: 0, earned: 0n, slashed: 0n },
  ...more,
});

export const bidOn = (jobId: bigint, more: Partial<Bid> = {}): Bid => ({
  jobId,
  node: NODE,
  rate: 12n,
  validUntil: NOW + 300,
  placedAt: NOW - 10,
  transaction: `0x${"22".repeat(32)}`,
  ...more,
});

class FakeStore implements MarketStore {
  tip: Tip | undefined = { number: 10n, hash: `0x${"33".repeat(32)}`, timestamp: NOW };
  readonly jobsById = new Map<bigint, Job>();
  readonly nodesByAddress = new Map<Address, MarketNode>();
  readonly bidsByJob = new Map<bigint, readonly Bid[]>();
  readonly #changes = new Emitter<StoreChange>();

  job(id: bigint): Job | undefined {
    return this.jobsById.get(id);
  }
  node(address: Address): MarketNode | undefined {
    return this.nodesByAddress.get(address);
  }
  bids(jobId: bigint): readonly Bid[] {
    return this.bidsByJob.get(jobId) ?? [];
  }
  bidsOf(node: Address): readonly Bid[] {
    return [...this.bidsByJob.values()].flat().filter((bid) => bid.node === node);
  }
  timeline(): readonly JobEvent[] {
    return [];
  }
  jobs({ filter, limit = 100 }: JobQuery = {}): Page<Job> {
    const { where, node } = filter ?? {};
    const rows = [...this.jobsById.values()].filter(
      (job) =>
        (where === undefined || where(job)) &&
        (node === undefined || ("assignment" in job && job.assignment.node === node)),
    );
    return { rows: rows.slice(0, limit), total: rows.length };
  }
  nodes(_query?: NodeQuery): Page<MarketNode> {
    const rows = [...this.nodesByAddress.values()];
    return { rows, total: rows.length };
  }
  subscribe(listener: (change: StoreChange) => void): () => void {
    return this.#changes.on(listener);
  }
  /** A block came that changed these. */
  tell(change: { jobs?: readonly bigint[]; nodes?: readonly Address[]; undone?: boolean } = {}): void {
    this.#changes.emit({
      jobs: new Set(change.jobs ?? []),
      nodes: new Set(change.nodes ?? []),
      tip: this.tip,
      undone: change.undone ?? false,
    });
  }
}

export class FakeClient implements MarketClient {
  readonly chain = createPublicClient({
    transport: custom({
      request: async () => {
        throw new Error("there is no chain");
      },
    }),
  });
  readonly store = new FakeStore();
  readonly isPinned = undefined;
  status: MarketStatus = { kind: "stopped" };
  /** `started` and `disposed`, in their order. */
  readonly calls: string[] = [];
  /** What the contracts answer. */
  answers: { parameters: () => Promise<MarketParameters>; balances: (account: Address) => Promise<Balances> } = {
    parameters: async () => PARAMETERS,
    balances: async () => ({ native: 3n, ott: 7n, allowances: { market: 0n, registry: 0n, distribution: 0n } }),
  };
  /** What the end of this client waits for. */
  ending: Promise<void> = Promise.resolve();
  readonly #statuses = new Emitter<MarketStatus>();

  constructor(readonly network: MarketNetwork) {}

  onStatus(listener: (status: MarketStatus) => void): Unsubscribe {
    return this.#statuses.on(listener);
  }
  start(): void {
    this.calls.push("started");
  }
  parameters(): Promise<MarketParameters> {
    return this.answers.parameters();
  }
  balances(account: Address): Promise<Balances> {
    return this.answers.balances(account);
  }
  async dispose(): Promise<void> {
    await this.ending;
    this.calls.push("disposed");
  }
  become(status: MarketStatus): void {
    this.status = status;
    this.#statuses.emit(status);
  }
}

/** A wallet that is connected with whom the test says. */
export class FakeWallet implements DeskWallet {
  state: DeskWallet["state"] = { kind: "none" };
  readonly #changes = new Emitter<void>();

  onChange(listener: () => void): Unsubscribe {
    return this.#changes.on(listener);
  }
  switchTo(account: Address | undefined, chainId = 31_337): void {
    this.state = account === undefined ? { kind: "none" } : { kind: "connected", account, chainId, label: "Test" };
    this.#changes.emit();
  }
  async connect(): Promise<void> {}
  async switchChain(): Promise<void> {}
  client(): never {
    throw new Error("nothing is signed here");
  }
  async nodeKey(): Promise<never> {
    throw new Error("no key is derived here");
  }
}

/** Lets every answer that is ready arrive. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
