import type { Address } from "viem";
import { lacks } from "../capacity";
import type { JobFilter, JobSortKey, NodeFilter, NodeSortKey } from "../store";
import type { Job, MarketNode } from "../types";
import { RecordIndex } from "./record-index";

export type JobIndex = RecordIndex<Job, bigint, JobSortKey, "state" | "developer" | "node">;
export type NodeIndex = RecordIndex<MarketNode, Address, NodeSortKey, "status">;

/** When the state ends by itself or ended, in seconds since 1970. */
export function deadlineOf(job: Job): number {
  switch (job.state) {
    case "open":
      return job.bidDeadline;
    case "assigned":
      return job.startBy;
    case "running":
      return job.service.endsAt;
    case "claimed":
      return job.claim.disputableUntil;
    case "disputed":
      return job.dispute.decidableUntil;
    case "settled":
      return job.settlement.settledAt;
    case "cancelled":
      return job.cancelledAt;
  }
}

export function newJobIndex(): JobIndex {
  return new RecordIndex({
    id: (job) => job.id,
    compareIds: (a, b) => (a < b ? -1 : a > b ? 1 : 0),
    sortKeys: {
      id: (job) => job.id,
      maxRate: (job) => job.maxRate,
      escrow: (job) => job.escrow,
      deadline: deadlineOf,
      millicores: (job) => job.need.millicores,
      mebibytes: (job) => job.need.mebibytes,
      maxDuration: (job) => job.maxDuration,
    },
    groups: {
      state: (job) => job.state,
      developer: (job) => job.developer,
      node: (job) => ("assignment" in job ? job.assignment.node : undefined),
    },
  });
}

export function newNodeIndex(): NodeIndex {
  const capacity =
    (field: "millicores" | "mebibytes" | "gpus") =>
    (node: MarketNode): number =>
      node.status === "exited" ? 0 : node.capacity[field];
  return new RecordIndex({
    id: (node) => node.address,
    compareIds: (a, b) => (a < b ? -1 : a > b ? 1 : 0),
    sortKeys: {
      registeredAt: (node) => node.registeredAt,
      stake: (node) => node.stake,
      reputation: (node) => node.reputation,
      millicores: capacity("millicores"),
      mebibytes: capacity("mebibytes"),
      gpus: capacity("gpus"),
    },
    groups: { status: (node) => node.status },
  });
}

/** Whether a job meets all conditions but those that the index and the bids answer. */
export function jobCondition(filter: JobFilter): (job: Job) => boolean {
  const { developer, node, fits, minRate, maxRate, biddableAt, where } = filter;
  const states = filter.states === undefined ? undefined : new Set(filter.states);
  return (job) =>
    (states === undefined || states.has(job.state)) &&
    (developer === undefined || job.developer === developer) &&
    (node === undefined || ("assignment" in job && job.assignment.node === node)) &&
    (minRate === undefined || job.maxRate >= minRate) &&
    (maxRate === undefined || job.maxRate <= maxRate) &&
    (biddableAt === undefined || (job.state === "open" && job.bidDeadline >= biddableAt)) &&
    (fits === undefined || lacks(fits, job.need) === undefined) &&
    (where === undefined || where(job));
}

export function nodeCondition({ statuses, offers, where }: NodeFilter): (node: MarketNode) => boolean {
  return (node) =>
    (statuses === undefined || statuses.includes(node.status)) &&
    (offers === undefined || (node.status !== "exited" && lacks(node.capacity, offers) === undefined)) &&
    (where === undefined || where(node));
}
