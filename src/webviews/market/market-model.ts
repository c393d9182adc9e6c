import type {
  DraftState,
  MarketHostMessage,
  NetworkState,
  WalletState,
  WorkState,
} from "../../protocol/market-messages";
import type { BidPolicyRow, Detected, Earning, NodePage } from "../../protocol/market-operator";
import type { BidRow, JobPage, JobRow } from "../../protocol/market-rows";

type Init = Extract<MarketHostMessage, { type: "init" }>;

/** All that the host has told. The pages read it; only `onMessage` changes it. */
export class MarketModel {
  network: NetworkState = { kind: "none" };
  wallet: WalletState = { kind: "none" };
  draft: DraftState = { kind: "none" };
  node: NodePage | null = null;
  detected: Detected = { kind: "unknown", reason: "Asking the engine what this machine has…" };
  policy: { policy: BidPolicyRow; status: string } | undefined;
  earnings: { total: string; slashed: string; rows: readonly Earning[] } | undefined;
  readonly jobs = new Map<string, JobRow>();
  /** Rises with each change of `jobs`. */
  jobsVersion = 0;
  listed = false;
  /** The page of the open job: `undefined` while it is asked for, `null` when there is no such job. */
  page: { readonly id: string; readonly page: JobPage | null } | undefined;
  readonly bids = new Map<string, BidRow>();
  bidsOf: string | undefined;
  bidsVersion = 0;
  readonly works = new Map<string, WorkState>();
  /** The chain's clock: time of its newest block in seconds, and when that was told. */
  #clock = { chain: Math.floor(Date.now() / 1_000), localMs: performance.now() };

  constructor(readonly init: Init) {}

  /** Seconds since the Unix epoch, by the chain's clock. */
  get now(): number {
    return this.#clock.chain + (performance.now() - this.#clock.localMs) / 1_000;
  }

  onMessage(message: Exclude<MarketHostMessage, { type: "init" | "show" }>): void {
    switch (message.type) {
      case "network":
        this.network = message.network;
        if (message.network.kind === "ready") {
          this.#clock = { chain: message.network.time, localMs: performance.now() };
        }
        break;
      case "wallet":
        this.wallet = message.wallet;
        break;
      case "jobs":
        if (message.reset) {
          this.jobs.clear();
          this.listed = false;
        }
        for (const row of message.rows) {
          this.jobs.set(row.id, row);
        }
        for (const id of message.removed) {
          this.jobs.delete(id);
        }
        this.jobsVersion += 1;
        break;
      case "listed":
        this.listed = true;
        break;
      case "job":
        this.page = { id: message.id, page: message.page };
        break;
      case "bids":
        if (message.reset || this.bidsOf !== message.id) {
          this.bids.clear();
        }
        this.bidsOf = message.id;
        for (const row of message.rows) {
          this.bids.set(row.node, row);
        }
        for (const node of message.removed) {
          this.bids.delete(node);
        }
        this.bidsVersion += 1;
        break;
      case "draft":
        this.draft = message.draft;
        break;
      case "node":
        this.node = message.node;
        break;
      case "detected":
        this.detected = message.detected;
        break;
      case "policy":
        this.policy = message;
        break;
      case "earnings":
        this.earnings = message;
        break;
      case "work":
        this.works.set(message.work.key, message.work);
        break;
    }
  }

  /** Another job is opened: what is known of the one before is no longer of interest. */
  forgetPage(): void {
    this.page = undefined;
    this.bids.clear();
    this.bidsOf = undefined;
    this.bidsVersion += 1;
  }

  regionName(code: string): string {
    return code === "" ? "" : (this.init.regions.find((region) => region.code === code)?.name ?? code);
  }

  labelNames(bits: number): string[] {
    return this.init.labels.filter(({ bit }) => (bits & (1 << bit)) !== 0).map(({ name }) => name);
  }
}
