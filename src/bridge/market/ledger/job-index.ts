import type { Address } from "viem";
import { lacks } from "../capacity";
import { JOB_STATES } from "../codes";
import type { JobFilter, JobSortKey, NodeFilter, NodeSortKey } from "../store";
import type { Job, MarketNode } from "../types";
import { type ColumnTest, RecordIndex } from "./record-index";

type JobColumn =
  | "state"
  | "developer"
  | "node"
  | "maxRate"
  | "bidDeadline"
  | "millicores"
  | "mebibytes"
  | "gpus"
  | "gpuModel"
  | "region"
  | "labels";
type JobIndex = RecordIndex<Job, bigint, JobSortKey, JobColumn>;
type NodeIndex = RecordIndex<MarketNode, Address, NodeSortKey, never>;
type JobTest = ColumnTest<JobColumn>;

/** Addresses as numbers, so that a column can hold them. */
export class AddressNumbers {
  readonly #numbers = new Map<Address, number>();

  /** The number of an address; a new one when it has none. */
  of(address: Address): number {
    const number = this.#numbers.get(address) ?? this.#numbers.size + 1;
    this.#numbers.set(address, number);
    return number;
  }
}

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

export function newJobIndex(addresses: AddressNumbers): JobIndex {
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
    columns: {
      state: (job) => JOB_STATES.indexOf(job.state),
      developer: (job) => addresses.of(job.developer),
      node: (job) => ("assignment" in job ? addresses.of(job.assignment.node) : 0),
      maxRate: (job) => Number(job.maxRate),
      bidDeadline: (job) => (job.state === "open" ? job.bidDeadline : -1),
      millicores: (job) => job.need.millicores,
      mebibytes: (job) => job.need.mebibytes,
      gpus: (job) => job.need.gpus,
      gpuModel: (job) => job.need.gpuModel,
      region: (job) => job.need.region,
      labels: (job) => job.need.labels,
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
    columns: {},
  });
}

/** The conditions of a filter that columns answer: all but `where` and `bidder`. */
export function jobTests(filter: JobFilter, addresses: AddressNumbers): JobTest[] {
  const { states, developer, node, fits, minRate, maxRate, biddableAt } = filter;
  const tests: JobTest[] = [];
  const test = (column: JobColumn, accept: (value: number) => boolean): void => {
    tests.push({ column, accept });
  };
  if (states !== undefined) {
    const codes = JOB_STATES.map((state) => states.some((wanted) => wanted === state));
    test("state", (value) => codes[value] === true);
  }
  if (developer !== undefined) {
    const number = addresses.of(developer);
    test("developer", (value) => value === number);
  }
  if (node !== undefined) {
    const number = addresses.of(node);
    test("node", (value) => value === number);
  }
  if (biddableAt !== undefined) {
    test("bidDeadline", (value) => value >= biddableAt);
  }
  if (minRate !== undefined) {
    const least = Number(minRate);
    test("maxRate", (value) => value >= least);
  }
  if (maxRate !== undefined) {
    const most = Number(maxRate);
    test("maxRate", (value) => value <= most);
  }
  if (fits !== undefined) {
    test("millicores", (value) => value <= fits.millicores);
    test("mebibytes", (value) => value <= fits.mebibytes);
    test("gpus", (value) => value <= fits.gpus);
    test("gpuModel", (value) => value === 0 || value === fits.gpuModel);
    test("region", (value) => value === 0 || value === fits.region);
    test("labels", (value) => (value & ~fits.labels) === 0);
  }
  return tests;
}

export function nodeCondition({ statuses, offers, where }: NodeFilter): (node: MarketNode) => boolean {
  return (node) =>
    (statuses === undefined || statuses.includes(node.status)) &&
    (offers === undefined || (node.status !== "exited" && lacks(node.capacity, offers) === undefined)) &&
    (where === undefined || where(node));
}
