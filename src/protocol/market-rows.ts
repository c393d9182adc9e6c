import * as v from "valibot";
import { count, shortText } from "./webview-message";

/** An amount of OTT or of the chain's own coin in its smallest unit (wei), as a decimal string: it may exceed 2^53. */
export const wei = v.pipe(v.string(), v.regex(/^(0|[1-9]\d{0,38})$/, "Expected a whole number of wei"));

/** An address of an account or a contract. */
export const address = v.pipe(v.string(), v.regex(/^0x[0-9a-fA-F]{40}$/, "Expected an address"));

/** Number of a job, counted from 1. */
export const jobId = v.pipe(v.string(), v.regex(/^[1-9]\d{0,19}$/, "Expected the number of a job"));

/** Seconds since the Unix epoch, by the chain's clock. */
export const moment = count;

export const JOB_STATES = ["open", "assigned", "running", "claimed", "disputed", "settled", "cancelled"] as const;
export const jobState = v.picklist(JOB_STATES);
export type JobStateName = v.InferOutput<typeof jobState>;

export const matching = v.picklist(["developer", "lowest"]);

/** What a job needs or a node offers. Zero and empty mean "any" for a job. */
export const capacityRow = v.strictObject({
  millicores: count,
  mebibytes: count,
  gpus: v.pipe(count, v.maxValue(255)),
  /** Name of the model; of one that is not known, its code in hexadecimal. */
  gpuModel: shortText,
  /** ISO 3166-1 alpha-2 country code. */
  region: v.pipe(v.string(), v.maxLength(3)),
  /** Bits; contracts/README.md names them. */
  labels: v.pipe(count, v.maxValue(0xffff)),
});
export type CapacityRow = v.InferOutput<typeof capacityRow>;

/** A job as a row of a list. */
export const jobRow = v.strictObject({
  id: jobId,
  state: jobState,
  /** The connected wallet posted it. */
  mine: v.boolean(),
  /** The connected wallet's node has been assigned to it. */
  serving: v.boolean(),
  developer: address,
  node: v.nullable(address),
  matching,
  need: capacityRow,
  /** Highest price, wei of OTT a second. */
  maxRate: wei,
  /** Agreed price, wei of OTT a second. */
  rate: v.nullable(wei),
  /** All money that was paid in, wei of OTT. */
  escrow: wei,
  /** Longest time in service, seconds. */
  maxDuration: count,
  bidDeadline: moment,
  /** Bids that are valid now. */
  bids: count,
  /** Lowest of them, wei of OTT a second. */
  lowest: v.nullable(wei),
  /** Promised share of seconds in service, hundredths of a percent; 0 for none. */
  availabilityBps: v.pipe(count, v.maxValue(10_000)),
  covered: v.boolean(),
  postedAt: v.nullable(moment),
  /** What the own node bids, wei of OTT a second. */
  myBid: v.nullable(wei),
  /** Why the own node cannot take the job; empty when it can; `null` when there is no own node. */
  unfit: v.nullable(shortText),
});
export type JobRow = v.InferOutput<typeof jobRow>;

/** A bid as a row of a list. */
export const bidRow = v.strictObject({
  node: address,
  /** Wei of OTT a second. */
  rate: wei,
  validUntil: moment,
  /** Fees that the node's settled jobs have burned, wei of OTT. */
  reputation: wei,
  /** Wei of OTT. */
  stake: wei,
  /** Stake that no job holds, wei of OTT. */
  freeStake: wei,
  capacity: capacityRow,
  /** What the job costs at this price when it runs for its longest time, wei of OTT. */
  expectedCost: wei,
  /** Why the bid cannot be accepted; empty when it can. */
  ineligible: shortText,
  /** The connected wallet's node made it. */
  mine: v.boolean(),
});
export type BidRow = v.InferOutput<typeof bidRow>;

export const JOB_ACTIONS = [
  "accept",
  "assignLowest",
  "cancel",
  "expire",
  "topUp",
  "extend",
  "stop",
  "settle",
  "dispute",
  "finalize",
  "bid",
  "withdrawBid",
  "start",
  "decline",
  "signReceipt",
  "countersign",
  "signExtension",
] as const;
export const jobAction = v.picklist(JOB_ACTIONS);
export type JobAction = v.InferOutput<typeof jobAction>;

/** Whether something can be done with a job now. */
export const actionState = v.strictObject({
  action: jobAction,
  /** Why it cannot be done; empty when it can. */
  reason: shortText,
});
export type ActionState = v.InferOutput<typeof actionState>;

/** A step of a job's life, or one that is still to come. */
export const timeLineStep = v.strictObject({
  title: shortText,
  /** What it means, with names and amounts. */
  detail: shortText,
  at: v.nullable(moment),
  status: v.picklist(["done", "now", "next", "failed"]),
  /** Transaction that made it happen. */
  transaction: v.nullable(v.pipe(v.string(), v.regex(/^0x[0-9a-f]{64}$/))),
});
export type TimeLineStep = v.InferOutput<typeof timeLineStep>;

/** What both sides agreed that the job has used. */
export const receiptRow = v.strictObject({
  sequence: count,
  usedSeconds: count,
  /** Wei of OTT. */
  amount: wei,
  at: v.nullable(moment),
  final: v.boolean(),
});
export type ReceiptRow = v.InferOutput<typeof receiptRow>;

/** All that is known of one job. The numbers of its row are in the list. */
export const jobPage = v.strictObject({
  id: jobId,
  /** CID of its spec, empty while unknown. */
  specCid: shortText,
  /** What it waits for, as a sentence; empty when it is final. */
  waits: shortText,
  /** When the present state ends by itself. */
  deadline: v.nullable(moment),
  startedAt: v.nullable(moment),
  endsAt: v.nullable(moment),
  /** When service stopped, or `null` while the cost goes on. */
  stoppedAt: v.nullable(moment),
  /** What was paid, of a settled job, wei of OTT. */
  paid: v.nullable(wei),
  refunded: v.nullable(wei),
  fee: v.nullable(wei),
  /** A claim by proof, wei of OTT, and until when it may be disputed or decided. */
  claim: v.nullable(v.strictObject({ amount: wei, until: moment, bond: wei, bondNeeded: wei })),
  steps: v.pipe(v.array(timeLineStep), v.maxLength(100)),
  receipts: v.pipe(v.array(receiptRow), v.maxLength(1_000)),
  actions: v.array(actionState),
});
export type JobPage = v.InferOutput<typeof jobPage>;
