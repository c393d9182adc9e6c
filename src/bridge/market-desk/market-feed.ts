import {
  type DraftState,
  type MarketHostMessage,
  type NetworkState,
  ROWS_PER_MESSAGE,
} from "../../protocol/market-messages";
import type { BidPolicyRow, Detected, NodePage } from "../../protocol/market-operator";
import type { JobRow } from "../../protocol/market-rows";
import type { Unsubscribe } from "../emitter";
import { requiredStake } from "../market/capacity";
import type { MarketClient } from "../market/market-client";
import type { Job } from "../market/types";
import type { OperatorKeyState } from "../operator/operator-key";
import { earningsOf } from "./earnings";
import { jobPage } from "./job-page";
import { bidRow, jobRow, type Onlooker } from "./job-rows";
import type { MarketDesk } from "./market-desk";
import type { HubChange, MarketHub } from "./market-hub";
import { capacityRow, GPU_MODELS, LABEL_CHOICES, REGIONS } from "./places";
import type { ReceiptBook } from "./receipt-book";

/** What the feed shows beside the chain. */
export interface FeedSources {
  readonly hub: MarketHub;
  readonly desk: Pick<MarketDesk, "onWork">;
  readonly receipts: (client: MarketClient) => Pick<ReceiptBook, "receipts">;
  readonly key: { readonly state: OperatorKeyState; onChange(listener: () => void): Unsubscribe };
  readonly policy: () => { readonly policy: BidPolicyRow; readonly status: string };
  readonly onPolicy: (listener: () => void) => Unsubscribe;
}

/** Tells one panel the market: all of it when the panel is ready, and then what changes. */
export class MarketFeed {
  readonly #sources: FeedSources;
  readonly #post: (message: MarketHostMessage) => void;
  readonly #unsubscribe: Unsubscribe[];
  /** What the panel has of each job, as text, so that nothing is sent twice. */
  readonly #sent = new Map<string, string>();
  #ready = false;
  #open: string | undefined;
  #sentBids = new Map<string, string>();
  #draft: DraftState = { kind: "none" };
  #detected: Detected | undefined;
  #show: Extract<MarketHostMessage, { type: "show" }> | undefined;

  constructor(sources: FeedSources, post: (message: MarketHostMessage) => void) {
    this.#sources = sources;
    this.#post = post;
    this.#unsubscribe = [
      sources.hub.onChange((change) => this.#ready && this.#onChange(change)),
      sources.desk.onWork((work) => this.#ready && post({ type: "work", work })),
      sources.onPolicy(() => this.#ready && this.#sendPolicy()),
      sources.key.onChange(() => this.#ready && this.#sendNode()),
    ];
  }

  dispose(): void {
    for (const unsubscribe of this.#unsubscribe) {
      unsubscribe();
    }
  }

  /** The panel was (re)created and holds nothing. */
  ready(): void {
    this.#ready = true;
    const { hub } = this.#sources;
    this.#post({
      type: "init",
      networks: hub.networks.map(({ name }) => name.slice(0, 1_000)).slice(0, 100),
      selected: hub.client?.network.name ?? "",
      gpuModels: [...GPU_MODELS],
      regions: [...REGIONS],
      labels: [...LABEL_CHOICES],
    });
    this.#sendAll();
    this.#post({ type: "draft", draft: this.#draft });
    if (this.#detected !== undefined) {
      this.#post({ type: "detected", detected: this.#detected });
    }
    if (this.#show !== undefined) {
      this.#post(this.#show);
      this.#show = undefined;
    }
  }

  /** Opens a page, also of a panel that is not ready yet. */
  show(message: Extract<MarketHostMessage, { type: "show" }>): void {
    if (this.#ready) {
      this.#post(message);
    } else {
      this.#show = message;
    }
  }

  /** The panel wants the page and the bids of this job, and of no other. */
  open(id: string | null): void {
    this.#open = id ?? undefined;
    this.#sentBids = new Map();
    this.#sendJob(true);
  }

  setDraft(draft: DraftState): void {
    this.#draft = draft;
    if (this.#ready) {
      this.#post({ type: "draft", draft });
    }
  }

  setDetected(detected: Detected): void {
    this.#detected = detected;
    if (this.#ready) {
      this.#post({ type: "detected", detected });
    }
  }

  /** A receipt was signed: the open job's page has changed. */
  refreshJob(): void {
    this.#sendJob(false);
  }

  #onChange(change: HubChange): void {
    switch (change.kind) {
      case "network":
        this.ready();
        break;
      case "wallet":
        this.#sendWallet();
        this.#sendList();
        this.#sendNode();
        this.#sendJob(true);
        break;
      case "balances":
        this.#sendWallet();
        break;
      case "status":
        this.#sendNetwork();
        break;
      case "store": {
        this.#sendNetwork();
        const { jobs, nodes, undone } = change.change;
        const own = this.#sources.hub.account;
        if (undone || (own !== undefined && nodes.has(own))) {
          this.#sendList();
          this.#sendNode();
        } else {
          this.#sendRows([...jobs].map(String));
        }
        // A block without events may still end a deadline.
        this.#sendJob(false);
        break;
      }
    }
  }

  #onlooker(): Onlooker | undefined {
    const { account, now, parameters } = this.#sources.hub;
    return parameters === undefined ? undefined : { account, now, parameters };
  }

  #sendAll(): void {
    this.#sendNetwork();
    this.#sendWallet();
    this.#sendList();
    this.#sendNode();
    this.#sendPolicy();
    this.#sendJob(true);
  }

  #sendNetwork(): void {
    this.#post({ type: "network", network: networkState(this.#sources.hub) });
  }

  #sendWallet(): void {
    const { wallet, balances } = this.#sources.hub;
    const { state } = wallet;
    this.#post({
      type: "wallet",
      wallet:
        state.kind === "connected"
          ? {
              kind: "connected",
              address: state.account,
              label: state.label.slice(0, 200),
              chainId: state.chainId,
              ott: balances === undefined ? null : String(balances.ott),
              native: balances === undefined ? null : String(balances.native),
            }
          : state,
    });
  }

  #sendList(): void {
    const { hub } = this.#sources;
    const onlooker = this.#onlooker();
    const { client } = hub;
    this.#sent.clear();
    const jobs =
      client === undefined || onlooker === undefined ? [] : client.store.jobs({ limit: Number.MAX_SAFE_INTEGER }).rows;
    const rows = jobs.map((job) => this.#row(job)).filter((row) => row !== undefined);
    for (let at = 0; at < rows.length || at === 0; at += ROWS_PER_MESSAGE) {
      this.#post({ type: "jobs", reset: at === 0, rows: rows.slice(at, at + ROWS_PER_MESSAGE), removed: [] });
    }
    if (client?.status.kind === "live" && onlooker !== undefined) {
      this.#post({ type: "listed" });
    }
  }

  /** The row of a job, noted as sent; `undefined` when the panel has the same. */
  #row(job: Job): JobRow | undefined {
    const { client } = this.#sources.hub;
    const onlooker = this.#onlooker();
    if (client === undefined || onlooker === undefined) {
      return undefined;
    }
    const row = jobRow(client.store, job, onlooker);
    const text = JSON.stringify(row);
    if (this.#sent.get(row.id) === text) {
      return undefined;
    }
    this.#sent.set(row.id, text);
    return row;
  }

  #sendRows(ids: readonly string[]): void {
    const { client } = this.#sources.hub;
    const removed: string[] = [];
    const rows: JobRow[] = [];
    for (const id of ids) {
      const job = client?.store.job(BigInt(id));
      if (job === undefined) {
        this.#sent.delete(id);
        removed.push(id);
      } else {
        const row = this.#row(job);
        if (row !== undefined) {
          rows.push(row);
        }
      }
    }
    for (let at = 0; at < rows.length || (at === 0 && removed.length > 0); at += ROWS_PER_MESSAGE) {
      const part = rows.slice(at, at + ROWS_PER_MESSAGE);
      this.#post({ type: "jobs", reset: false, rows: part, removed: at === 0 ? removed : [] });
    }
  }

  #sendJob(reset: boolean): void {
    const id = this.#open;
    const { client } = this.#sources.hub;
    const onlooker = this.#onlooker();
    if (id === undefined || client === undefined || onlooker === undefined) {
      return;
    }
    const job = client.store.job(BigInt(id));
    if (job === undefined) {
      if (client.status.kind === "live") {
        this.#post({ type: "job", id, page: null });
      }
      return;
    }
    const receipts = this.#sources.receipts(client).receipts(job.id);
    this.#post({ type: "job", id, page: jobPage(client.store, job, onlooker, receipts) });
    if (job.state === "open") {
      this.#sendBids(client, job, onlooker, reset);
    }
  }

  #sendBids(client: MarketClient, job: Job, onlooker: Onlooker, reset: boolean): void {
    const before = reset ? new Map<string, string>() : this.#sentBids;
    const all = client.store.bids(job.id).map((bid) => bidRow(client.store, job, bid, onlooker));
    const after = new Map(all.map((row) => [row.node, JSON.stringify(row)] as const));
    const rows = all.filter((row) => before.get(row.node) !== after.get(row.node));
    const removed = [...before.keys()].filter((node) => !after.has(node));
    this.#sentBids = new Map(after);
    for (let at = 0; at < rows.length || (at === 0 && (reset || removed.length > 0)); at += ROWS_PER_MESSAGE) {
      this.#post({
        type: "bids",
        id: String(job.id),
        reset: reset && at === 0,
        rows: rows.slice(at, at + ROWS_PER_MESSAGE),
        removed: at === 0 ? removed : [],
      });
    }
  }

  #sendNode(): void {
    const { hub } = this.#sources;
    const { client, account, parameters } = hub;
    if (client === undefined || account === undefined || parameters === undefined) {
      this.#post({ type: "node", node: null });
      return;
    }
    this.#post({ type: "node", node: nodePage(hub, this.#sources.key.state) });
    this.#post({ type: "earnings", ...earningsOf(client.store, account) });
  }

  #sendPolicy(): void {
    this.#post({ type: "policy", ...this.#sources.policy() });
  }
}

function nodePage({ account, client, node, parameters }: MarketHub, key: OperatorKeyState): NodePage | null {
  if (account === undefined || client === undefined || parameters === undefined) {
    return null;
  }
  const registered = node === undefined || node.status === "exited" ? undefined : node;
  return {
    address: account,
    status: registered?.status ?? "none",
    capacity: registered === undefined ? null : capacityRow(registered.capacity),
    key: key.kind === "here" ? { ...key, fees: key.fees === undefined ? null : String(key.fees) } : key,
    currency: client.network.currency.slice(0, 1_000),
    stake: String(node?.stake ?? 0n),
    locked: String(node?.locked ?? 0n),
    required: String(registered === undefined ? 0n : requiredStake(registered.capacity, parameters)),
    unbonding: String(node?.unbonding ?? 0n),
    unbondedAt: node === undefined || node.unbonding === 0n ? null : node.unbondedAt,
    reputation: String(node?.reputation ?? 0n),
    pledged: String(node?.pledged ?? 0n),
    prices: {
      millicore: String(parameters.stakePerMillicore),
      mebibyte: String(parameters.stakePerMebibyte),
      gpu: String(parameters.stakePerGpu),
    },
    unbondingDelay: parameters.unbondingDelay,
  };
}

/** The chain's state in the panel's words. */
export function networkState({ client, parameters, problems, lastSeen }: MarketHub): NetworkState {
  const [problem] = problems;
  if (client === undefined) {
    return problem === undefined
      ? { kind: "none" }
      : {
          kind: "wrong",
          name: "zlayer.market.networks",
          reason: `${problem.path} ${problem.message}.`.slice(0, 1_000),
        };
  }
  const { name, chainId } = client.network;
  const { status, store } = client;
  switch (status.kind) {
    case "stopped":
    case "connecting":
      return { kind: "connecting", name };
    case "catching-up":
      return { kind: "syncing", name, block: Number(status.at), head: Number(status.to) };
    case "waiting":
      return {
        kind: "down",
        name,
        reason: status.reason.slice(0, 1_000),
        since: store.tip === undefined ? null : (lastSeen ?? null),
      };
    case "failed":
      return { kind: "wrong", name, reason: status.reason.slice(0, 1_000) };
    case "live":
      break;
  }
  if (parameters === undefined) {
    return { kind: "connecting", name };
  }
  const { lockBps, feeBps, maxBidding, maxDuration, minFundedSeconds } = parameters;
  const time = store.tip?.timestamp ?? 0;
  return {
    kind: "ready",
    name,
    chainId,
    time,
    block: Number(status.block),
    lockBps,
    feeBps,
    maxBidding,
    maxDuration,
    minFundedSeconds,
  };
}
