import * as v from "valibot";
import { address, capacityRow, moment, wei } from "./market-rows";
import { count, shortText } from "./webview-message";

/** When and how high the own node bids by itself. */
export const bidPolicy = v.strictObject({
  enabled: v.boolean(),
  /** Lowest price for a thousandth of a core, wei of OTT a second. */
  floorPerMillicore: wei,
  /** Lowest price for a MiB of memory, wei of OTT a second. */
  floorPerMebibyte: wei,
  /** Lowest price for a GPU, wei of OTT a second. */
  floorPerGpu: wei,
  /** What is asked on top of the floor, hundredths of a percent. */
  marginBps: v.pipe(count, v.maxValue(100_000)),
  /** Highest share of the own stake that one job may lock, hundredths of a percent. */
  maxLockBps: v.pipe(count, v.minValue(1), v.maxValue(10_000)),
  /** Jobs longer than this are left alone, seconds; 0 for no limit. */
  maxDuration: count,
  /** Labels that a job must ask for, bits: keep a node for those that need what it has. */
  requiredLabels: v.pipe(count, v.maxValue(0xffff)),
  /** Bid for jobs that pledge reputation. */
  acceptsCovered: v.boolean(),
  /** How long a bid stays valid, seconds. */
  validity: v.pipe(count, v.minValue(60), v.maxValue(2_592_000)),
});
export type BidPolicyRow = v.InferOutput<typeof bidPolicy>;

/** What the own machine has. */
export const detected = v.variant("kind", [
  v.strictObject({ kind: v.literal("found"), capacity: capacityRow, notes: v.array(shortText) }),
  v.strictObject({ kind: v.literal("unknown"), reason: shortText }),
]);
export type Detected = v.InferOutput<typeof detected>;

/** Who works for the node without asking the wallet. */
export const operatorKey = v.variant("kind", [
  v.strictObject({ kind: v.literal("none") }),
  /** Another machine's key. */
  v.strictObject({ kind: v.literal("elsewhere"), address }),
  /** This machine's key. `fees`: what it can spend, wei of the chain's coin; `null` while unknown. */
  v.strictObject({ kind: v.literal("here"), address, fees: v.nullable(wei) }),
]);

/** The connected wallet's node. */
export const nodePage = v.strictObject({
  address,
  status: v.picklist(["none", "active", "paused"]),
  capacity: v.nullable(capacityRow),
  key: operatorKey,
  /** Name of the chain's own coin, in which fees are paid. */
  currency: shortText,
  stake: wei,
  locked: wei,
  /** Stake that the offered capacity needs. */
  required: wei,
  unbonding: wei,
  unbondedAt: v.nullable(moment),
  reputation: wei,
  pledged: wei,
  /** Wei of OTT for a millicore, MiB and GPU. */
  prices: v.strictObject({ millicore: wei, mebibyte: wei, gpu: wei }),
  /** Seconds. */
  unbondingDelay: count,
});
export type NodePage = v.InferOutput<typeof nodePage>;

/** A sum that the own node won or lost. */
export const earning = v.strictObject({
  kind: v.picklist(["payout", "slash", "fault"]),
  jobId: v.nullable(v.pipe(v.string(), v.maxLength(20))),
  /** Wei of OTT. */
  amount: wei,
  at: v.nullable(moment),
  detail: shortText,
});
export type Earning = v.InferOutput<typeof earning>;

/** What is done with the own node. */
export const nodeAction = v.variant("kind", [
  v.strictObject({
    kind: v.literal("register"),
    capacity: capacityRow,
    /** Wei of OTT. */
    stake: wei,
  }),
  v.strictObject({ kind: v.literal("setCapacity"), capacity: capacityRow }),
  v.strictObject({ kind: v.literal("stake"), amount: wei }),
  v.strictObject({ kind: v.literal("unbond"), amount: wei }),
  v.strictObject({ kind: v.literal("cancelUnbonding") }),
  v.strictObject({ kind: v.literal("withdrawStake") }),
  v.strictObject({ kind: v.literal("pause") }),
  v.strictObject({ kind: v.literal("resume") }),
  v.strictObject({ kind: v.literal("exit") }),
  /** Makes a key of this machine, which the wallet names as the node's delegate, and sends it wei of the chain's coin for fees. */
  v.strictObject({ kind: v.literal("createKey"), fees: wei }),
  v.strictObject({ kind: v.literal("addFees"), amount: wei }),
  v.strictObject({ kind: v.literal("revokeKey") }),
  v.strictObject({ kind: v.literal("setPolicy"), policy: bidPolicy }),
]);
export type NodeAction = v.InferOutput<typeof nodeAction>;
