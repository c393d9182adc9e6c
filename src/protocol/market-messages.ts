import * as v from "valibot";
import { bidPolicy, detected, earning, nodeAction, nodePage } from "./market-operator";
import { address, bidRow, jobId, jobPage, jobRow, matching, moment, wei } from "./market-rows";
import { count, shortText } from "./webview-message";

/** Most rows in one message: a longer list comes in several, so that neither side stalls. */
export const ROWS_PER_MESSAGE = 1_000;

const rows = <S extends v.GenericSchema>(row: S) => v.pipe(v.array(row), v.maxLength(ROWS_PER_MESSAGE));

/** The chain, as far as the market needs it. */
export const networkState = v.variant("kind", [
  v.strictObject({ kind: v.literal("none") }),
  v.strictObject({ kind: v.literal("connecting"), name: shortText }),
  v.strictObject({ kind: v.literal("syncing"), name: shortText, block: count, head: count }),
  v.strictObject({
    kind: v.literal("ready"),
    name: shortText,
    chainId: count,
    /** Time of the newest block. */
    time: moment,
    block: count,
    /** What a node must have staked is locked by this share of the escrow, hundredths of a percent. */
    lockBps: count,
    /** Share of a payout that is burned, hundredths of a percent. */
    feeBps: count,
    /** Longest time for which bids may be open, seconds. */
    maxBidding: count,
    /** Longest service, seconds. */
    maxDuration: count,
    /** Seconds that an escrow pays for at least. */
    minFundedSeconds: count,
  }),
  /** It does not answer; what is shown is as old as `since`. */
  v.strictObject({ kind: v.literal("down"), name: shortText, reason: shortText, since: v.nullable(moment) }),
  /** The settings are wrong: another chain answers, or there are no contracts where they should be. */
  v.strictObject({ kind: v.literal("wrong"), name: shortText, reason: shortText }),
]);
export type NetworkState = v.InferOutput<typeof networkState>;

export const walletState = v.variant("kind", [
  v.strictObject({ kind: v.literal("none") }),
  v.strictObject({ kind: v.literal("connecting") }),
  v.strictObject({
    kind: v.literal("connected"),
    address,
    /** What the wallet calls itself. */
    label: shortText,
    chainId: count,
    /** Wei of OTT and of the chain's coin; `null` while unknown. */
    ott: v.nullable(wei),
    native: v.nullable(wei),
  }),
]);
export type WalletState = v.InferOutput<typeof walletState>;

/** A spec that may be posted as a job. */
export const draftState = v.variant("kind", [
  /** No spec is open. */
  v.strictObject({ kind: v.literal("none") }),
  v.strictObject({ kind: v.literal("loading") }),
  v.strictObject({ kind: v.literal("invalid"), spec: shortText, problem: shortText }),
  v.strictObject({
    kind: v.literal("ready"),
    spec: shortText,
    deployment: shortText,
    /** Sum over the replicas of all services. */
    millicores: count,
    mebibytes: count,
    gpus: count,
    gpuModel: shortText,
    services: v.pipe(v.array(v.strictObject({ name: shortText, replicas: count, needs: shortText })), v.maxLength(200)),
    /** What was assumed, or cannot be had on the market. */
    notes: v.array(shortText),
    /** Where the spec will be published. */
    storage: shortText,
    /** Why it cannot be published; empty when it can. */
    storageProblem: shortText,
    /** From recent settlements of like jobs; `null` when there are none. Wei of OTT a second. */
    suggestion: v.nullable(v.strictObject({ rate: wei, low: wei, high: wei, jobs: count })),
  }),
]);
export type DraftState = v.InferOutput<typeof draftState>;

/** What the developer chose in the form. */
export const jobForm = v.strictObject({
  matching,
  /** Wei of OTT a second. */
  maxRate: wei,
  /** Seconds. */
  maxDuration: v.pipe(count, v.minValue(1), v.maxValue(0xffff_ffff)),
  /** Seconds from now in which nodes may bid. */
  bidding: v.pipe(count, v.minValue(1), v.maxValue(0xffff_ffff)),
  availabilityBps: v.pipe(count, v.maxValue(10_000)),
  covered: v.boolean(),
  region: v.pipe(v.string(), v.maxLength(3)),
  gpus: v.pipe(count, v.maxValue(255)),
  gpuModel: shortText,
  labels: v.pipe(count, v.maxValue(0xffff)),
});
export type JobForm = v.InferOutput<typeof jobForm>;

/** The progress of what the user started: it is shown beside the button that started it. */
export const workState = v.strictObject({
  /** `post`, or the action's name with the job's number: `accept 12`. */
  key: shortText,
  status: v.picklist(["preparing", "signing", "sent", "done", "failed", "rejected"]),
  message: shortText,
});
export type WorkState = v.InferOutput<typeof workState>;

export const marketSide = v.picklist(["developer", "operator"]);
export type MarketSide = v.InferOutput<typeof marketSide>;

export const marketPage = v.picklist(["jobs", "post", "node", "offers", "policy", "earnings"]);
export type MarketPage = v.InferOutput<typeof marketPage>;

/** From the extension host to the market panel. */
export const marketHostMessage = v.variant("type", [
  v.strictObject({
    type: v.literal("init"),
    networks: v.pipe(v.array(shortText), v.maxLength(100)),
    selected: shortText,
    gpuModels: v.pipe(v.array(shortText), v.maxLength(1_000)),
    regions: v.pipe(
      v.array(v.strictObject({ code: v.pipe(v.string(), v.maxLength(3)), name: shortText })),
      v.maxLength(300),
    ),
    labels: v.pipe(v.array(v.strictObject({ bit: v.pipe(count, v.maxValue(15)), name: shortText })), v.maxLength(16)),
  }),
  v.strictObject({ type: v.literal("network"), network: networkState }),
  v.strictObject({ type: v.literal("wallet"), wallet: walletState }),
  /** Changed and new jobs; with `reset`, instead of all sent before. */
  v.strictObject({ type: v.literal("jobs"), reset: v.boolean(), rows: rows(jobRow), removed: v.array(jobId) }),
  /** All jobs have been sent. */
  v.strictObject({ type: v.literal("listed") }),
  /** The page of the job that was asked for; `null` when there is no such job. */
  v.strictObject({ type: v.literal("job"), id: jobId, page: v.nullable(jobPage) }),
  v.strictObject({
    type: v.literal("bids"),
    id: jobId,
    reset: v.boolean(),
    rows: rows(bidRow),
    removed: v.array(address),
  }),
  v.strictObject({ type: v.literal("draft"), draft: draftState }),
  v.strictObject({ type: v.literal("node"), node: v.nullable(nodePage) }),
  v.strictObject({ type: v.literal("detected"), detected }),
  v.strictObject({ type: v.literal("policy"), policy: bidPolicy, status: shortText }),
  v.strictObject({ type: v.literal("earnings"), total: wei, slashed: wei, rows: rows(earning) }),
  v.strictObject({ type: v.literal("work"), work: workState }),
  /** A command opens a page, and a job on it. */
  v.strictObject({
    type: v.literal("show"),
    side: marketSide,
    page: marketPage,
    job: v.nullable(jobId),
  }),
]);
export type MarketHostMessage = v.InferOutput<typeof marketHostMessage>;

/** What is done with a job. */
export const jobCommand = v.variant("kind", [
  v.strictObject({ kind: v.literal("accept"), node: address, rate: wei }),
  v.strictObject({
    kind: v.picklist([
      "assignLowest",
      "cancel",
      "expire",
      "stop",
      "settle",
      "finalize",
      "withdrawBid",
      "start",
      "decline",
      "countersign",
    ]),
  }),
  v.strictObject({ kind: v.literal("dispute"), evidence: v.pipe(v.string(), v.maxLength(10_000)) }),
  v.strictObject({ kind: v.literal("topUp"), amount: wei }),
  /** Seconds more, and wei of OTT. */
  v.strictObject({ kind: v.literal("extend"), seconds: v.pipe(count, v.minValue(1)), amount: wei }),
  /** The node's consent to so many seconds more. */
  v.strictObject({ kind: v.literal("signExtension"), seconds: v.pipe(count, v.minValue(1), v.maxValue(0xffff_ffff)) }),
  /** The node's signature under what was used; the last receipt settles the job at once. */
  v.strictObject({
    kind: v.literal("signReceipt"),
    usedSeconds: v.pipe(count, v.maxValue(0xffff_ffff)),
    isFinal: v.boolean(),
  }),
  v.strictObject({
    kind: v.literal("bid"),
    rate: wei,
    validity: v.pipe(count, v.minValue(1), v.maxValue(0xffff_ffff)),
  }),
]);
export type JobCommand = v.InferOutput<typeof jobCommand>;

/** From the market panel to the extension host. */
export const marketViewMessage = v.variant("type", [
  /** The panel was (re)created and holds nothing. */
  v.strictObject({ type: v.literal("ready") }),
  v.strictObject({ type: v.literal("problem"), problem: shortText }),
  /** The job whose page and bids are wanted, until another is. */
  v.strictObject({ type: v.literal("open"), job: v.nullable(jobId) }),
  v.strictObject({ type: v.literal("connectWallet") }),
  v.strictObject({ type: v.literal("switchChain") }),
  v.strictObject({ type: v.literal("selectNetwork"), name: shortText }),
  v.strictObject({ type: v.literal("retry") }),
  v.strictObject({ type: v.literal("openSettings") }),
  v.strictObject({ type: v.literal("chooseSpec") }),
  v.strictObject({ type: v.literal("copy"), text: shortText }),
  v.strictObject({ type: v.literal("post"), form: jobForm }),
  v.strictObject({ type: v.literal("job"), id: jobId, command: jobCommand }),
  v.strictObject({ type: v.literal("node"), action: nodeAction }),
]);
export type MarketViewMessage = v.InferOutput<typeof marketViewMessage>;

export const SORTS = ["newest", "price", "deadline", "escrow", "bids"] as const;
export const BID_SORTS = ["price", "reputation", "stake", "cost"] as const;

/** What the panel keeps across a tab switch and a reload of the window. */
export const marketViewState = v.object({
  side: marketSide,
  page: marketPage,
  job: v.nullable(jobId),
  filter: v.pipe(v.string(), v.maxLength(200)),
  scope: v.picklist(["mine", "open", "all"]),
  sort: v.picklist(SORTS),
  descending: v.boolean(),
  bidFilter: v.pipe(v.string(), v.maxLength(200)),
  bidSort: v.picklist(BID_SORTS),
  bidDescending: v.boolean(),
  /** What was written into the forms, by field. */
  fields: v.record(v.pipe(v.string(), v.maxLength(60)), v.pipe(v.string(), v.maxLength(200))),
});
export type MarketViewState = v.InferOutput<typeof marketViewState>;
