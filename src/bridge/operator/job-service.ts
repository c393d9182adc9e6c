// One job on this node's engine: brought up, measured, and removed.

import type { MarketNetwork } from "../market/network";
import type { AssignedJob, RunningJob } from "../market/types";
import type { JournalLine, MeteringJournal } from "../metering/metering-journal";
import { ApiError } from "../sidecar/api-error";
import type { ZLayerClient } from "../sidecar/client";
import type { DeploymentState } from "../sidecar/types";
import type { SpecReader } from "../storage/spec-reader";
import { firstEntry, meterNote, nextEntry } from "./job-meter";
import { type UntrustedSpec, untrustedSpec } from "./untrusted-profile";

export interface JobServiceOptions {
  readonly network: MarketNetwork;
  readonly engine: ZLayerClient;
  readonly specs: SpecReader;
  /** Whether images of this machine may be run: for devnets only. */
  readonly localImages: boolean;
}

/** Most entries that the log of a job has, so that it can be published. */
const ENTRIES = 2_000;
/** The engine keeps measurements at full rate for ten minutes; the log takes them well before. In seconds. */
const ENTRY_MIN = 10;
const ENTRY_MAX = 300;

export class JobService {
  readonly #options: JobServiceOptions;
  readonly #job: AssignedJob | RunningJob;
  #spec: UntrustedSpec | undefined;

  constructor(options: JobServiceOptions, job: AssignedJob | RunningJob) {
    this.#options = options;
    this.#job = job;
  }

  /**
   * Makes sure that the engine wants the job's containers.
   *
   * @returns where they stand; undefined right after they were asked for
   * @throws {RefusedSpec} {SpecUnreadable} {ApiError} {EngineUnreachable}
   */
  async bringUp(signal?: AbortSignal): Promise<DeploymentState | undefined> {
    const { text } = await this.#read(signal);
    const state = await this.#state(signal);
    if (state === undefined) {
      await this.#options.engine.deploy(text, { signal });
    }
    return state;
  }

  /**
   * Takes what the engine has measured since the last entry into the log, when it is time for an entry.
   *
   * @param now the chain's time, in seconds since 1970
   * @param force at once, for the end
   */
  async meter(journal: MeteringJournal, now: number, force: boolean, signal?: AbortSignal): Promise<void> {
    if (this.#job.state !== "running") {
      return;
    }
    const { startedAt, endsAt } = this.#job.service;
    const deployment = deploymentOf(this.#options.network, this.#job.id);
    const note = meterNote(journal.last);
    const measured = await this.#options.engine.metrics({ deployment, sinceMs: sinceOf(journal.last), signal });
    if (journal.last === undefined || note === undefined) {
      const times = measured.flatMap(({ samples }) => samples.map(({ time_ms }) => time_ms));
      if (times.length > 0) {
        const first = firstEntry(this.#job.id, Math.max(...times));
        const before = journal.last?.entry;
        await journal.append(before === undefined ? first.entry : { ...before, index: before.index + 1 }, first.note);
      }
      return;
    }
    const newest = Math.max(note.atMs, ...measured.flatMap(({ samples }) => samples.map(({ time_ms }) => time_ms)));
    if (!force && newest - note.atMs < 1_000 * entryEvery(this.#job)) {
      return;
    }
    const { services } = await this.#read(signal);
    const next = nextEntry(
      journal.last.entry,
      note,
      measured,
      services,
      Math.max(0, Math.min(now, endsAt) - startedAt),
    );
    if (next !== undefined) {
      await journal.append(next.entry, next.note);
    }
  }

  async #read(signal: AbortSignal | undefined): Promise<UntrustedSpec> {
    const { network, specs, localImages } = this.#options;
    this.#spec ??= untrustedSpec(Buffer.from(await specs.read(this.#job.specCid, signal)).toString("utf8"), {
      deployment: deploymentOf(network, this.#job.id),
      need: this.#job.need,
      localImages,
    });
    return this.#spec;
  }

  async #state(signal: AbortSignal | undefined): Promise<DeploymentState | undefined> {
    const name = deploymentOf(this.#options.network, this.#job.id);
    for await (const line of this.#options.engine.status({ signal })) {
      if (line.type === "deployment" && line.deployment.name === name) {
        return line.deployment;
      }
    }
    return undefined;
  }
}

/** The name of a job's deployment on this node's engine. */
export function deploymentOf({ chainId }: MarketNetwork, jobId: bigint): string {
  return `zl-${chainId}-${jobId}`;
}

/** Removes a job's containers. Does nothing where there are none. */
export async function removeJob(engine: ZLayerClient, network: MarketNetwork, jobId: bigint): Promise<void> {
  await engine.removeDeployment(deploymentOf(network, jobId)).catch((error: unknown) => {
    if (!(error instanceof ApiError && error.status === 404)) {
      throw error;
    }
  });
}

function sinceOf(line: JournalLine | undefined): number {
  return meterNote(line)?.atMs ?? 0;
}

function entryEvery({ maxDuration }: RunningJob): number {
  return Math.min(ENTRY_MAX, Math.max(ENTRY_MIN, Math.ceil(maxDuration / ENTRIES)));
}
