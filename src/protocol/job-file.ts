// The job file, `*.zlayer-job.yml`: a spec and the terms under which somebody else's node may run it.
import { iso31661 } from "iso-3166";
import * as v from "valibot";
import { LABELS } from "./node-labels";

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3_600, d: 86_400 };
const DURATION = /^(?:\d{1,9}(?:s|m|min|h|d) ?)+$/;

/** `1h30m`, `90s`, `2d` in seconds. The text must have matched the schema. */
export function durationSeconds(text: string): number {
  let seconds = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(s|min|m|h|d)/g)) {
    seconds += Number(count) * (SECONDS[unit ?? ""] ?? 0);
  }
  return seconds;
}

/** As the contracts keep times: below 2^32 seconds, and more than none. */
const duration = v.pipe(
  v.string("Write a duration such as 90s, 15m, 1h30m or 2d."),
  v.regex(DURATION, "Write a duration such as 90s, 15m, 1h30m or 2d."),
  v.check(
    (text) => durationSeconds(text) > 0 && durationSeconds(text) < 2 ** 32,
    "The duration must be more than 0 s and less than 136 years.",
  ),
);

const AMOUNT = "Write an amount of OTT such as 0.36, with at most 18 decimal places.";

const countries = iso31661.filter(({ state }) => state === "assigned");
/** Countries that a job can be bound to, by their two letters. */
export const COUNTRIES: readonly { readonly code: string; readonly name: string }[] = countries.map(
  ({ alpha2, name }) => ({ code: alpha2, name }),
);

const text = (words: string) => v.pipe(v.string(words), v.minLength(1, words));

/** What a job file says, with its words for the editor. Numbers of money are texts here, so that no digit is lost. */
export const jobFile = v.strictObject({
  version: v.pipe(v.literal("v1", "The only version is v1."), v.description("Version of the job file's format: `v1`.")),
  spec: v.pipe(
    text("Write the path of a spec, relative to this file."),
    v.maxLength(1_000, "The path is too long."),
    v.description(
      "Path of the spec that is to run, relative to this file. It is published on IPFS when the job is posted; what it needs of a node is read from it.",
    ),
  ),
  payment: v.pipe(
    v.strictObject({
      max_rate: v.pipe(
        v.string(AMOUNT),
        v.regex(/^\d{1,15}(?:\.\d{1,18})?$/, AMOUNT),
        v.check((amount) => /[1-9]/.test(amount), "The price must be more than zero."),
        v.description("Highest price for one hour of the whole job, in OTT. Nodes bid below it."),
      ),
      longest: v.pipe(
        duration,
        v.description(
          "Longest time in service, such as `6h`. Price times this is paid into escrow; what is not used comes back.",
        ),
      ),
      token: v.optional(
        v.pipe(v.literal("OTT", "Jobs are paid in OTT."), v.description("What is paid with: `OTT`.")),
        "OTT",
      ),
    }),
    v.description("What the job may cost."),
  ),
  bidding: v.optional(
    v.pipe(
      v.strictObject({
        open_for: v.optional(
          v.pipe(duration, v.description("How long nodes may bid, counted from the posting.")),
          "15m",
        ),
        match: v.optional(
          v.pipe(
            v.picklist(["manual", "lowest"], "Write manual or lowest."),
            v.description(
              "`manual`: you accept a bid. `lowest`: at the end of the bidding the lowest eligible bid wins, also while you sleep.",
            ),
          ),
          "manual",
        ),
        cover: v.optional(
          v.pipe(
            v.boolean("Write true or false."),
            v.description(
              "Only nodes whose stake and reputation together cover the escrow may take the job: the least reputation depends on what is at risk.",
            ),
          ),
          false,
        ),
        region: v.optional(
          v.pipe(
            v.picklist(
              COUNTRIES.map(({ code }) => code),
              "Write the two letters of a country (ISO 3166-1), such as DE.",
            ),
            v.description("Country that the node must be in, by its two letters (ISO 3166-1). Any when absent."),
          ),
        ),
        gpu_model: v.optional(
          v.pipe(
            text("Write the name of a GPU model."),
            v.maxLength(100, "The name is too long."),
            v.description("Model that the spec's GPUs must be, such as `nvidia l4`. Any when absent."),
          ),
        ),
        labels: v.optional(
          v.pipe(
            v.array(
              v.picklist(
                LABELS.map(({ name }) => name),
                `Write one of ${LABELS.map(({ name }) => name).join(", ")}.`,
              ),
              "Write a list.",
            ),
            v.description("What the node must have."),
          ),
          [],
        ),
      }),
      v.description("Who may take the job."),
    ),
    {},
  ),
  availability: v.optional(
    v.pipe(
      v.number("Write a percentage such as 99.5."),
      v.minValue(0, "Write a percentage from 0 to 100."),
      v.maxValue(100, "Write a percentage from 0 to 100."),
      v.check(
        (percent) => Number.isInteger(Math.round(percent * 1e6) / 1e4),
        "A percentage has at most two decimal places.",
      ),
      v.description(
        "Share of time in which the job must be in service, in percent, such as `99.5`. Less than this lowers the payment. None is promised when absent.",
      ),
    ),
    0,
  ),
});

export type JobFile = v.InferOutput<typeof jobFile>;
