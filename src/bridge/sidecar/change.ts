// Changes of what is deployed. Each resolves once the change is done, not once it is accepted; a signal ends the wait for that,
// while the engine goes on with what it has accepted.
import { abortError } from "../wait";
import { ApiError, isRecord } from "./api-error";
import { failureOf } from "./deploy";
import { type EngineAccess, replicasAre, type SettleOptions, settle } from "./settle";
import type { DeploymentState } from "./types";

/** Wanted replicas by service. */
export type Replicas = Readonly<Record<string, number>>;

/** How many replicas a deployment wants now, for `startDeployment` after a stop. Services that are stopped are left out. */
export function wantedReplicas(deployment: DeploymentState): Replicas {
  const started = deployment.services.filter((service) => service.desired > 0);
  return Object.fromEntries(started.map((service) => [service.name, service.desired]));
}

/**
 * Stops all replicas of a deployment; its spec stays.
 *
 * @throws ApiError, EngineUnreachable; an `AbortError` when the wait was aborted
 */
export async function stopDeployment(
  engine: EngineAccess,
  deployment: DeploymentState,
  options: SettleOptions = {},
): Promise<void> {
  const wanted = Object.fromEntries(deployment.services.map((service) => [service.name, 0]));
  await scaleAll(engine, deployment, wanted, options);
}

/**
 * Starts the stopped services of a deployment again.
 *
 * @param before as they were before the stop; a service that is not in it gets what the spec says
 * @throws DeployFailed when one does not come up; ApiError, EngineUnreachable; an `AbortError` when the wait was aborted
 */
export async function startDeployment(
  engine: EngineAccess,
  deployment: DeploymentState,
  before: Replicas,
  options: SettleOptions = {},
): Promise<void> {
  const { spec } = await engine.client.deploymentSpec(deployment.name, { signal: options.signal });
  const stopped = deployment.services.filter((service) => service.desired === 0);
  const wanted = stopped.map(({ name }) => [name, before[name] ?? wantedBySpec(spec, name)] as const);
  await scaleAll(engine, deployment, Object.fromEntries(wanted), options);
}

/**
 * Gives one service another number of replicas.
 *
 * @throws DeployFailed when one does not come up; ApiError, EngineUnreachable; an `AbortError` when the wait was aborted
 */
export async function scaleService(
  engine: EngineAccess,
  deployment: string,
  service: string,
  replicas: number,
  options: SettleOptions = {},
): Promise<void> {
  await engine.client.scale(deployment, service, replicas);
  await settle(engine, deployment, replicasAre({ [service]: replicas }), options);
}

/**
 * Ends the processes of containers and starts them again, all at once.
 *
 * @param containers ids
 * @throws DeployFailed when one does not come up again; ApiError, EngineUnreachable; an `AbortError` when the wait was aborted
 */
export async function restartContainers(
  engine: EngineAccess,
  deployment: string,
  containers: readonly string[],
  options: SettleOptions = {},
): Promise<void> {
  const { signal, onProgress } = options;
  let restarted = 0;
  const tell = (): void => onProgress?.(`${restarted} of ${containers.length} restarted`);
  tell();
  const restarts = containers.map(async (id) => {
    await engine.client.restartContainer(id);
    restarted += 1;
    tell();
  });
  await unlessAborted(Promise.all(restarts), signal);
  await settle(engine, deployment, areHealthy(new Set(containers)), options);
}

/**
 * Stops and removes all of a deployment.
 *
 * @throws ApiError, EngineUnreachable; an `AbortError` when the wait was aborted
 */
export async function removeDeployment(
  engine: EngineAccess,
  deployment: string,
  { signal, onProgress }: SettleOptions = {},
): Promise<void> {
  const removed = new AbortController();
  const either = signal === undefined ? removed.signal : AbortSignal.any([removed.signal, signal]);
  const look = ({ services }: DeploymentState): string => {
    const left = services.reduce((total, service) => total + service.replicas.length, 0);
    return left === 1 ? "1 container is left" : `${left} containers are left`;
  };
  // Tells only: whether it is removed is what the call itself says.
  void settle(engine, deployment, look, { signal: either, onProgress }).catch(() => {});
  try {
    await unlessAborted(engine.client.removeDeployment(deployment), signal);
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) {
      throw error;
    }
  } finally {
    removed.abort();
  }
}

async function scaleAll(
  engine: EngineAccess,
  deployment: DeploymentState,
  wanted: Replicas,
  options: SettleOptions,
): Promise<void> {
  const changed = deployment.services.filter(({ name, desired }) => (wanted[name] ?? desired) !== desired);
  await Promise.all(changed.map(({ name }) => engine.client.scale(deployment.name, name, wanted[name] ?? 0)));
  await settle(engine, deployment.name, replicasAre(wanted), options);
}

/** Waits until containers run, and are healthy where they have a check. One that was replaced is not waited for. */
function areHealthy(ids: ReadonlySet<string>) {
  const restarts = new Map<string, number>();
  return (state: DeploymentState): string | undefined => {
    const services = state.services.map((service) => ({
      ...service,
      replicas: service.replicas.filter((replica) => ids.has(replica.id)),
    }));
    const failure = failureOf({ ...state, phase: "starting", services }, restarts);
    if (failure !== undefined) {
      throw failure;
    }
    const replicas = services.flatMap((service) => service.replicas);
    // A job has done its work when its process has ended.
    const waiting = replicas.filter(
      ({ phase, health }) => phase !== "stopped" && (phase !== "running" || health === "pending"),
    );
    const reason = waiting.find((replica) => replica.reason != null)?.reason?.message;
    const count = `${replicas.length - waiting.length} of ${replicas.length} healthy`;
    return waiting.length === 0 ? undefined : [reason, count].filter(Boolean).join(", ");
  };
}

/** The work's outcome, unless the signal is aborted before: then the work goes on, and what becomes of it is not looked at. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) {
    return work;
  }
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(abortError(signal));
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/** Replicas that a stored spec wants of a service: a fixed number, the lower limit of an adaptive one, else 1. */
function wantedBySpec(spec: unknown, service: string): number {
  const services = isRecord(spec) ? spec["services"] : undefined;
  const own = isRecord(services) ? services[service] : undefined;
  const scale = isRecord(own) ? own["scale"] : undefined;
  const wanted = isRecord(scale) ? (scale["replicas"] ?? scale["min"]) : undefined;
  return typeof wanted === "number" ? wanted : 1;
}
