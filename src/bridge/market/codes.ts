// The small numbers in which the contracts keep enumerations. The order is that of the enums in contracts/src/interfaces.
import type { Fault, Matching } from "./types";

/** `JobState` of IComputeMarket. */
export const JOB_STATES = [
  "none",
  "open",
  "assigned",
  "running",
  "claimed",
  "disputed",
  "settled",
  "cancelled",
] as const;

/** `Matching` of IComputeMarket. */
export const MATCHINGS: readonly Matching[] = ["developer", "lowestBid"];

/** `Fault`. */
export const FAULTS: readonly Fault[] = ["none", "declined", "absent", "false"];

/** `Eligibility` of INodeRegistry. */
export const ELIGIBILITIES = [
  "eligible",
  "not-registered",
  "paused",
  "stake-below-capacity",
  "too-small",
  "other-gpu-model",
  "other-region",
  "label-missing",
  "stake-locked",
  "reputation-too-low",
] as const;

export type Eligibility = (typeof ELIGIBILITIES)[number];
