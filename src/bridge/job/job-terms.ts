import { durationSeconds, type JobFile } from "../../protocol/job-file";
import type { JobForm } from "../../protocol/market-messages";
import { parseAmount, ratePerSecond } from "../../protocol/money";
import { LABELS } from "../../protocol/node-labels";
import type { SpecNeeds } from "../market-desk/spec-needs";

/**
 * A job file as the market's form has it.
 *
 * @throws InvalidAmount for a price below the smallest one, 1 wei a second
 */
export function jobForm(job: JobFile, needs: SpecNeeds): JobForm {
  const { payment, bidding } = job;
  return {
    matching: bidding.match === "lowest" ? "lowest" : "developer",
    maxRate: String(ratePerSecond(parseAmount(payment.max_rate))),
    maxDuration: durationSeconds(payment.longest),
    bidding: durationSeconds(bidding.open_for),
    availabilityBps: Math.round(job.availability * 100),
    covered: bidding.cover,
    region: bidding.region ?? "",
    gpus: needs.gpus,
    gpuModel: bidding.gpu_model ?? "",
    labels: bidding.labels.reduce((bits, name) => {
      const label = LABELS.find((candidate) => candidate.name === name);
      return label === undefined ? bits : bits | (1 << label.bit);
    }, 0),
  };
}

/** What a job costs at most, in wei of OTT: it is paid into escrow. */
export function longestCost(form: JobForm): bigint {
  return BigInt(form.maxRate) * BigInt(form.maxDuration);
}
