import { parse } from "yaml";
import { abortError } from "../wait";
import { ApiError, isRecord } from "./api-error";
import { type Capabilities, has } from "./capabilities";
import type { ZLayerClient } from "./client";
import { statusLines } from "./observe";
import type { DeploymentState, Reason, ReplicaState, ServiceState } from "./types";
import { healthyOf, replicaCount } from "./words";

/** What a deploy does now. */
export interface DeployProgress {
  readonly deployment: string;
  /** What it waits for: "web: pulling 43 of 120 MB · 1 of 3 replicas run". */
  readonly message: string;
  /** From 0 to 1; absent while it cannot be told. */
  readonly fraction?: number;
  readonly state: DeploymentState;
}

export interface DeployOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: DeployProgress) => void;
}

/** A deployment that was accepted and then did not come up. `reason.path` names the field of the spec, where there is one. */
export class DeployFailed extends Error {
  override readonly name = "DeployFailed";

  constructor(
    readonly deployment: string,
    readonly reason: Reason,
    /** Service that failed; absent when it is the deployment as a whole. */
    readonly service?: string,
  ) {
    super(service === undefined ? reason.message : `${service}: ${reason.message}`);
  }
}

/** A deploy that was cancelled and could not be undone: what it began goes on. */
export class UndoFailed extends Error {
  override readonly name = "UndoFailed";

  constructor(
    readonly deployment: string,
    what: string,
    cause: unknown,
  ) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`The deploy of “${deployment}” was cancelled, but ${what}: ${why}`, { cause });
  }
}

/** A replica that ended this many times while its deploy was watched will not come up by waiting. */
const CRASHES_MAX = 3;

/** Why something is tried again and again although somebody has to act first. All else that is hopeless is `failed`. */
const HOPELESS = "crash-loop";

/**
 * Deploys a spec and resolves once all of it runs and is healthy, or has ended well.
 *
 * When the signal is aborted, what this call did is undone before it rejects: a new deployment is removed, and one that was
 * there before gets its former spec back, from the sidecar with the numbers of replicas that it had.
 *
 * @param spec YAML
 * @throws ApiError when the spec is refused, with all its problems
 * @throws DeployFailed when something in it does not come up; the deployment stays, for a look at its logs
 * @throws EngineUnreachable; an `AbortError` when aborted; UndoFailed when aborted and what was done stays
 */
export async function deploy(
  client: ZLayerClient,
  capabilities: Capabilities,
  spec: string,
  { signal, onProgress }: DeployOptions = {},
): Promise<DeploymentState> {
  signal?.throwIfAborted();
  const former = await formerSpec(client, deploymentName(spec), signal);
  // From here on it is not aborted in the middle: afterwards it would not be known whether the engine has accepted.
  const { name } = await client.deploy(spec);
  const ended = new AbortController();
  const either = signal === undefined ? ended.signal : AbortSignal.any([ended.signal, signal]);
  try {
    return await whenUp(client, capabilities, name, either, onProgress);
  } catch (error) {
    if (signal?.aborted) {
      await undo(client, capabilities, { name, spec, former });
      throw abortError(signal);
    }
    throw error;
  } finally {
    ended.abort();
  }
}

/** The name in the text of a spec, read leniently; `undefined` when there is none. */
export function deploymentName(spec: string): string | undefined {
  try {
    const value: unknown = parse(spec, { logLevel: "silent" });
    return isRecord(value) && typeof value["deployment"] === "string" ? value["deployment"] : undefined;
  } catch {
    return undefined;
  }
}

async function formerSpec(
  client: ZLayerClient,
  name: string | undefined,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  if (name === undefined) {
    return undefined;
  }
  try {
    return JSON.stringify((await client.deploymentSpec(name, { signal })).spec);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) {
      return undefined;
    }
    throw error;
  }
}

interface Done {
  readonly name: string;
  readonly spec: string;
  /** What was deployed before, as JSON; JSON is YAML. */
  readonly former: string | undefined;
}

async function undo(client: ZLayerClient, capabilities: Capabilities, { name, spec, former }: Done): Promise<void> {
  if (former === undefined) {
    await client
      .removeDeployment(name)
      .catch(unlessGone)
      .catch((error: unknown) => {
        throw new UndoFailed(name, "it could not be removed again", error);
      });
    return;
  }
  try {
    // Only the sidecar knows all of what was wanted before: counts that were chosen by hand, values of variables.
    await (has(capabilities, "undo") ? client.undoDeploy(name, spec) : client.deploy(former));
  } catch (error) {
    throw new UndoFailed(name, "its former spec could not be brought back", error);
  }
}

function unlessGone(error: unknown): void {
  if (!(error instanceof ApiError && error.status === 404)) {
    throw error;
  }
}

async function whenUp(
  client: ZLayerClient,
  capabilities: Capabilities,
  name: string,
  signal: AbortSignal,
  onProgress: ((progress: DeployProgress) => void) | undefined,
): Promise<DeploymentState> {
  const restarts = new Map<string, number>();
  for await (const line of statusLines(client, capabilities, signal)) {
    if (line.type === "removed" && line.name === name) {
      throw new DeployFailed(name, { code: "removed", message: "The deployment was removed while it started." });
    }
    if (line.type !== "deployment" || line.deployment.name !== name) {
      continue;
    }
    const state = line.deployment;
    const failure = failureOf(state, restarts);
    if (failure !== undefined) {
      throw failure;
    }
    onProgress?.(describeProgress(state));
    if (state.phase === "running" || isDone(state)) {
      return state;
    }
  }
  throw abortError(signal);
}

/** Whether nothing of it is to run any more: its jobs have ended well, or it wants no replicas. A stock daemon does not tell. */
function isDone(state: DeploymentState): boolean {
  return (
    state.phase === "stopped" &&
    state.generation > 0 &&
    state.services.every(({ desired, phase, replicas }) => phase === "stopped" && replicas.length >= desired)
  );
}

/**
 * What of a deployment will not come up by waiting; `undefined` when there is nothing.
 *
 * @param restarts counts of each replica when it was first seen; filled here
 */
export function failureOf(state: DeploymentState, restarts: Map<string, number>): DeployFailed | undefined {
  for (const service of state.services) {
    for (const replica of service.replicas) {
      const before = restarts.get(replica.id);
      if (before === undefined) {
        restarts.set(replica.id, replica.restarts);
      }
      const crashed = replica.restarts - (before ?? replica.restarts) >= CRASHES_MAX && replica.phase === "backoff";
      const hopeless = replica.reason?.code === HOPELESS;
      if (crashed || hopeless || replica.phase === "failed") {
        return new DeployFailed(state.name, replica.reason ?? unknownReason(replica), service.name);
      }
    }
    if (service.phase === "failed" || service.reason?.code === HOPELESS) {
      return new DeployFailed(state.name, service.reason ?? { code: "failed", message: "It failed." }, service.name);
    }
  }
  if (state.phase === "failed") {
    return new DeployFailed(state.name, state.reason ?? { code: "failed", message: "The deployment failed." });
  }
  return undefined;
}

function unknownReason(replica: ReplicaState): Reason {
  return {
    code: "failed",
    message: replica.exit_code == null ? "A replica failed." : `A replica ended with exit code ${replica.exit_code}.`,
  };
}

/** What a deployment that is coming up does now, in words and as a fraction. */
export function describeProgress(state: DeploymentState): DeployProgress {
  const waiting = state.services.filter((service) => service.phase !== "running");
  const reasons = waiting.flatMap((service) => {
    const reason = reasonOf(service);
    return reason === undefined ? [] : [`${service.name}: ${reason.message}`];
  });
  const desired = sum(state.services, (service) => service.desired);
  const healthy = sum(state.services, healthyOf);
  const message = [...reasons.slice(0, 2), replicaCount(healthy, desired)].join(" · ");
  const fraction = fractionOf(state, healthy, desired);
  return { deployment: state.name, message, state, ...(fraction !== undefined && { fraction }) };
}

/** A service's own reason, or that of the first of its replicas that has one. */
export function reasonOf(service: ServiceState): Reason | undefined {
  return service.reason ?? service.replicas.find((replica) => replica.reason != null)?.reason ?? undefined;
}

/** Half of the way is pulling, the other half is starting. */
function fractionOf(state: DeploymentState, healthy: number, desired: number): number | undefined {
  if (desired === 0) {
    return undefined;
  }
  const parts = state.services.map((service) => {
    if (service.running > 0 || service.phase === "running") {
      return 1;
    }
    const progress = reasonOf(service)?.progress;
    return progress?.total ? Math.min(1, progress.done / progress.total) : 0;
  });
  const pulled = sum(parts, (part) => part) / Math.max(1, parts.length);
  return pulled / 2 + healthy / desired / 2;
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
