import { type Address, getAddress, isAddress } from "viem";
import { describeCapacity } from "../capacity";
import { cidToBytes } from "../cid";
import { MATCHINGS } from "../codes";
import { MarketError } from "../errors";
import type { MarketClient } from "../market-client";
import type { Described } from "../transaction";
import type { Capacity, JobTerms as Job } from "../types";
import { duration, ott, percent, perHour, short, time } from "../words";

/** What a developer asks for. */
export type Terms = Pick<
  Job,
  "specCid" | "receiptKey" | "matching" | "covered" | "availabilityBps" | "maxRate" | "maxDuration" | "need"
> & {
  /** Money to be paid in now, in wei. */
  readonly escrow: bigint;
  /** Until when nodes may bid, in seconds since 1970. */
  readonly bidDeadline: number;
};

const UINT96 = 2n ** 96n;

/** A sum of money or a rate as the contracts keep it. @throws {MarketError} `bad-argument` */
export function amount(field: string, value: bigint): bigint {
  if (value < 0n || value >= UINT96) {
    throw new MarketError(
      "bad-argument",
      `The ${field} of ${value} wei is below zero or larger than any sum of OTT.`,
      `Correct the ${field}.`,
    );
  }
  return value;
}

/** A whole number of so many bits. @throws {MarketError} `bad-argument` */
export function whole(field: string, value: number, bits: 8 | 16 | 32): number {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** bits) {
    throw new MarketError(
      "bad-argument",
      `The ${field} must be a whole number from 0 to ${2 ** bits - 1}, but is ${value}.`,
      `Correct the ${field}.`,
    );
  }
  return value;
}

/** An address in checksum form. @throws {MarketError} `bad-argument` */
export function address(field: string, value: string): Address {
  if (!isAddress(value, { strict: false })) {
    throw new MarketError(
      "bad-argument",
      `The ${field} "${value}" is no address.`,
      "It has 0x and 40 hexadecimal digits.",
    );
  }
  return getAddress(value);
}

/** A capacity whose numbers fit. @throws {MarketError} `bad-argument` */
export function capacityArgument(capacity: Capacity): Capacity {
  return {
    millicores: whole("number of millicores", capacity.millicores, 32),
    mebibytes: whole("memory in MiB", capacity.mebibytes, 32),
    gpus: whole("number of GPUs", capacity.gpus, 8),
    gpuModel: whole("GPU model's code", capacity.gpuModel, 16),
    region: whole("region's code", capacity.region, 16),
    labels: whole("labels", capacity.labels, 16),
  };
}

/** The terms as the contract takes them. @throws {MarketError} `bad-argument` */
export function encodeTerms(terms: Terms) {
  return {
    specCid: cidToBytes(terms.specCid, "spec's CID"),
    receiptKey: address("receipt key", terms.receiptKey),
    matching: MATCHINGS.indexOf(terms.matching),
    covered: terms.covered,
    availabilityBps: whole("availability", terms.availabilityBps, 16),
    maxRate: amount("highest price", terms.maxRate),
    escrow: amount("escrow", terms.escrow),
    maxDuration: whole("longest duration", terms.maxDuration, 32),
    bidDeadline: whole("deadline for bids", terms.bidDeadline, 32),
    need: capacityArgument(terms.need),
  };
}

/** The terms in words. */
export function describeTerms(terms: Terms): Described[] {
  return [
    { label: "Escrow", value: ott(terms.escrow) },
    { label: "Highest price", value: perHour(terms.maxRate) },
    { label: "Longest duration", value: duration(terms.maxDuration) },
    { label: "Needs", value: describeCapacity(terms.need) },
    { label: "Bids until", value: time(terms.bidDeadline) },
    {
      label: "Choice of the node",
      value: terms.matching === "developer" ? "you accept a bid" : "the lowest bid wins at the deadline",
    },
    { label: "Availability", value: terms.availabilityBps === 0 ? "none promised" : percent(terms.availabilityBps) },
    { label: "Cover by reputation", value: terms.covered ? "yes" : "no" },
    { label: "Spec", value: terms.specCid },
    { label: "Receipt key", value: short(terms.receiptKey) },
  ];
}

/** Refuses a spec that no node could fetch, where somebody can tell. @throws {MarketError} `not-pinned` */
export async function requirePinned(market: MarketClient, cid: string): Promise<void> {
  if (market.isPinned !== undefined && !(await market.isPinned(cid))) {
    throw new MarketError(
      "not-pinned",
      `The spec ${cid} is not pinned on IPFS: no node could fetch it, and the escrow would wait for nothing.`,
      "Pin the spec, then post the job.",
    );
  }
}
