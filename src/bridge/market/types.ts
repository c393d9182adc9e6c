// What the market's contracts hold, as the extension sees it. Money is in the smallest unit of its currency (wei, 18 decimals), rates are
// wei for each second, times are whole seconds since 1970, and lengths of time are whole seconds.
import type { Address, Hash, Hex } from "viem";

/** What a node offers, or what a job needs. For a job, zero in the last three fields means "any". */
export interface Capacity {
  /** Thousandths of a processor core. */
  readonly millicores: number;
  /** Memory in MiB. */
  readonly mebibytes: number;
  readonly gpus: number;
  /** Code of the GPU's model, see `gpuModelCode`. */
  readonly gpuModel: number;
  /** ISO 3166-1 numeric country code. */
  readonly region: number;
  /** One bit for each feature, see `LABELS`. */
  readonly labels: number;
}

/** How a node is chosen: the developer accepts a bid, or the contract takes the lowest one at the deadline. */
export type Matching = "developer" | "lowestBid";

/** How a node failed a job. */
export type Fault = "none" | "declined" | "absent" | "false";

export type JobState = "open" | "assigned" | "running" | "claimed" | "disputed" | "settled" | "cancelled";

/** What happened to a job, for its time line. */
export interface JobEvent {
  readonly kind:
    | "posted"
    | "assigned"
    | "started"
    | "funded"
    | "stopped"
    | "reopened"
    | "claimed"
    | "disputed"
    | "decided"
    | "finalized"
    | "receipt"
    | "settled"
    | "cancelled";
  readonly at: number;
  readonly block: bigint;
  readonly transaction: Hash;
  /** The node that it is about, or who stopped the job. */
  readonly who?: Address;
  /** Why a job was reopened, or how its node failed it. */
  readonly fault?: Fault;
  /** The sum that it is about: escrow, money added, claim, bond, award, pay, refund. */
  readonly amount?: bigint;
}

/** What every job has, whatever its state. */
export interface JobTerms {
  readonly id: bigint;
  readonly developer: Address;
  /** CIDv1 of the spec, as text. */
  readonly specCid: string;
  /** Key with which the developer's side signs receipts of this job. */
  readonly receiptKey: Address;
  readonly matching: Matching;
  /** Whether a node must cover with reputation what its stake does not cover of the escrow. */
  readonly covered: boolean;
  /** Promised share of seconds in service, in hundredths of a percent; zero for none. */
  readonly availabilityBps: number;
  /** Highest price for a second. */
  readonly maxRate: bigint;
  /** Money paid in when the job was posted; it decides what the node must lock. */
  readonly deposit: bigint;
  /** All money that was paid in, additions included. */
  readonly escrow: bigint;
  /** Longest time in service. */
  readonly maxDuration: number;
  readonly need: Capacity;
  readonly postedAt: number;
  /** How often a node was assigned. */
  readonly rounds: number;
  /** Nodes that failed this job and may not bid again. */
  readonly barred: readonly Address[];
}

/** Who serves a job, since it was assigned. */
export interface Assignment {
  readonly node: Address;
  /** The agreed price for a second. */
  readonly rate: bigint;
  /** Stake that the job holds of the node. */
  readonly locked: bigint;
  /** Reputation that the job holds of the node. */
  readonly pledged: bigint;
  readonly assignedAt: number;
}

/** Service, since it started. */
export interface Service {
  readonly startedAt: number;
  /** When service ends or ended: money or time are used up, or it was stopped. */
  readonly endsAt: number;
  /** When it was stopped before its time, and by whom. */
  readonly stopped?: { readonly at: number; readonly by: Address };
  /** Seconds against which availability is measured. */
  readonly promised: number;
}

/** Entry of a metering log; all counters are totals since the job's start. */
export interface MeteringEntry {
  readonly jobId: bigint;
  readonly index: number;
  readonly usedSeconds: number;
  readonly cpuNanoseconds: bigint;
  readonly memoryByteSeconds: bigint;
  readonly networkBytes: bigint;
  readonly blockBytes: bigint;
  readonly gpuMilliseconds: bigint;
}

/** A node's claim by its own proof. */
export interface Claim {
  readonly amount: bigint;
  /** Merkle root of the metering log. */
  readonly root: Hex;
  /** CIDv1 of the whole log, as text. */
  readonly logCid: string;
  /** The log's last entry. */
  readonly last: MeteringEntry;
  readonly claimedAt: number;
  /** Last second in which it may be disputed. */
  readonly disputableUntil: number;
}

/** A developer's dispute of a claim. */
export interface Dispute {
  readonly bond: bigint;
  /** CIDv1 of the evidence, as text. */
  readonly evidenceCid: string;
  readonly disputedAt: number;
  /** Last second in which the arbiter may decide. */
  readonly decidableUntil: number;
}

/** How a job was settled. */
export interface Settlement {
  readonly by: "receipt" | "finalized" | "decision" | "expiry";
  /** What the node received. */
  readonly paid: bigint;
  /** What the developer got back. */
  readonly refunded: bigint;
  /** What became the node's reputation and is to be burned. */
  readonly fee: bigint;
  readonly fault: Fault;
  readonly settledAt: number;
  /** Seconds of use that were settled; undefined when no usage was shown. */
  readonly usedSeconds?: number;
}

export interface OpenJob extends JobTerms {
  readonly state: "open";
  /** Until when nodes may bid. */
  readonly bidDeadline: number;
}
export interface AssignedJob extends JobTerms {
  readonly state: "assigned";
  readonly assignment: Assignment;
  /** Until when the node must start. */
  readonly startBy: number;
}
export interface RunningJob extends JobTerms {
  readonly state: "running";
  readonly assignment: Assignment;
  readonly service: Service;
}
export interface ClaimedJob extends JobTerms {
  readonly state: "claimed";
  readonly assignment: Assignment;
  readonly service: Service;
  readonly claim: Claim;
}
export interface DisputedJob extends JobTerms {
  readonly state: "disputed";
  readonly assignment: Assignment;
  readonly service: Service;
  readonly claim: Claim;
  readonly dispute: Dispute;
}
export interface SettledJob extends JobTerms {
  readonly state: "settled";
  readonly assignment: Assignment;
  readonly service: Service;
  readonly claim?: Claim;
  readonly dispute?: Dispute;
  readonly settlement: Settlement;
}
export interface CancelledJob extends JobTerms {
  readonly state: "cancelled";
  readonly cancelledAt: number;
  readonly refunded: bigint;
}

/** A job; its state says what else is known of it. contracts/README.md draws how states follow one another. */
export type Job = OpenJob | AssignedJob | RunningJob | ClaimedJob | DisputedJob | SettledJob | CancelledJob;

/** A bid that stands: neither withdrawn, displaced nor taken. It may have run out (`validUntil`). */
export interface Bid {
  readonly jobId: bigint;
  readonly node: Address;
  /** Price for a second. */
  readonly rate: bigint;
  readonly validUntil: number;
  readonly placedAt: number;
  readonly transaction: Hash;
}

interface NodeRecord {
  readonly address: Address;
  /** Money that stands for its conduct; includes `locked`, not `unbonding`. */
  readonly stake: bigint;
  /** Part of the stake that jobs hold. */
  readonly locked: bigint;
  /** Money on its way out, and when it may be withdrawn. */
  readonly unbonding: bigint;
  readonly unbondedAt: number;
  /** An amount of OTT, see contracts/README.md. */
  readonly reputation: bigint;
  /** Part of the reputation that jobs hold. */
  readonly pledged: bigint;
  readonly registeredAt: number;
  /** What the node's jobs came to. */
  readonly record: NodeTrackRecord;
}

/** Sums over all jobs of a node. */
export interface NodeTrackRecord {
  readonly settled: number;
  readonly declined: number;
  readonly absent: number;
  /** Claims that were found to be false. */
  readonly falseClaims: number;
  /** What it received for its jobs. */
  readonly earned: bigint;
  /** Stake that it lost. */
  readonly slashed: bigint;
}

interface RegisteredNode extends NodeRecord {
  readonly capacity: Capacity;
  /** Key for unattended work; undefined for none. */
  readonly delegate?: Address;
  /** Curve25519 public key. */
  readonly wireGuardKey: Hex;
  readonly keyEpoch: number;
}
export interface ActiveNode extends RegisteredNode {
  readonly status: "active";
}
export interface PausedNode extends RegisteredNode {
  readonly status: "paused";
}
/** It left; its stake may still be unbonding, and its reputation stays. */
export interface ExitedNode extends NodeRecord {
  readonly status: "exited";
  readonly keyEpoch: number;
}
export type MarketNode = ActiveNode | PausedNode | ExitedNode;

/** Times and shares of one deployment; none of them ever changes. Shares (Bps) are in hundredths of a percent. */
export interface MarketParameters {
  readonly stakePerMillicore: bigint;
  readonly stakePerMebibyte: bigint;
  readonly stakePerGpu: bigint;
  /** Share of a job's escrow that a node locks at least. */
  readonly lockBps: number;
  readonly unbondingDelay: number;
  /** Share of each payout that becomes reputation and is burned. */
  readonly feeBps: number;
  /** Share of the locked stake that a node loses for not starting. */
  readonly noShowBps: number;
  /** From the deadline of bids: how long one may be taken. */
  readonly acceptWindow: number;
  readonly startWindow: number;
  readonly rebidWindow: number;
  readonly claimWindow: number;
  /** Seconds of service that an escrow pays for at least. */
  readonly minFundedSeconds: number;
  readonly maxBidding: number;
  readonly maxDuration: number;
  readonly disputeWindow: number;
  readonly decisionWindow: number;
  readonly bondBps: number;
  readonly minBond: bigint;
  /** Decides disputes. */
  readonly arbiter: Address;
}
