import { abortError } from "../wait";
import type { Capabilities } from "./capabilities";
import type { ZLayerClient } from "./client";
import { DeployFailed, failureOf, reasonOf } from "./deploy";
import { statusLines } from "./observe";
import type { DeploymentState, ServiceState } from "./types";
import { replicaCount } from "./words";

/** An engine, and what can be asked of it. */
export interface EngineAccess {
  readonly client: ZLayerClient;
  readonly capabilities: Capabilities;
}

export interface SettleOptions {
  /** Ends the wait with an `AbortError`. What the engine was asked for goes on. */
  readonly signal?: AbortSignal | undefined;
  /** Called with what is waited for, in words for the user. */
  readonly onProgress?: ((message: string) => void) | undefined;
}

/** What is still waited for, in words; `undefined` once there is nothing. A thrown error ends the wait with it. */
export type Look = (state: DeploymentState) => string | undefined;

/**
 * Follows a deployment until `look` finds nothing more to wait for.
 *
 * @throws DeployFailed when the deployment is removed meanwhile; what `look` throws
 * @throws EngineUnreachable; an `AbortError` when aborted
 */
export async function settle(
  { client, capabilities }: EngineAccess,
  deployment: string,
  look: Look,
  { signal, onProgress }: SettleOptions = {},
): Promise<void> {
  const ended = new AbortController();
  const either = signal === undefined ? ended.signal : AbortSignal.any([ended.signal, signal]);
  try {
    for await (const line of statusLines(client, capabilities, either)) {
      if (line.type === "removed" && line.name === deployment) {
        throw new DeployFailed(deployment, { code: "removed", message: "The deployment was removed meanwhile." });
      }
      if (line.type !== "deployment" || line.deployment.name !== deployment) {
        continue;
      }
      const waitsFor = look(line.deployment);
      if (waitsFor === undefined) {
        return;
      }
      onProgress?.(waitsFor);
    }
  } finally {
    ended.abort();
  }
  throw abortError(signal);
}

/**
 * Waits until services have the replicas that are wanted of them, all healthy, and none beyond.
 *
 * @param wanted number of replicas by service; others are not looked at
 * @throws DeployFailed when one of them does not come up
 */
export function replicasAre(wanted: Readonly<Record<string, number>>): Look {
  const restarts = new Map<string, number>();
  return (state) => {
    const services = state.services.filter((service) => wanted[service.name] !== undefined);
    const waiting = services.filter((service) => !isAt(service, wanted[service.name] ?? 0));
    if (waiting.length === 0) {
      return undefined;
    }
    // Replicas that are to go may have failed before.
    const rising = waiting.filter((service) => service.replicas.length <= (wanted[service.name] ?? 0));
    const failure = failureOf({ ...state, phase: "starting", services: rising }, restarts);
    if (failure !== undefined) {
      throw failure;
    }
    return waiting.map((service) => waitOf(service, wanted[service.name] ?? 0)).join(" · ");
  };
}

function isAt(service: ServiceState, wanted: number): boolean {
  if (service.desired !== wanted || stillThere(service) > wanted) {
    return false;
  }
  const jobIsDone = service.phase === "stopped" && service.replicas.length > 0;
  return wanted === 0 || jobIsDone || (service.phase === "running" && service.healthy >= wanted);
}

/** Containers that have not ended. */
function stillThere(service: ServiceState): number {
  const ended = service.replicas.filter(({ phase }) => phase === "stopped" || phase === "failed");
  return Math.max(service.running, service.replicas.length - ended.length);
}

function waitOf(service: ServiceState, wanted: number): string {
  const surplus = stillThere(service) - wanted;
  if (surplus > 0) {
    return `${service.name}: ${surplus} ${surplus === 1 ? "container stops" : "containers stop"}`;
  }
  const count = replicaCount(Math.min(service.healthy, wanted), wanted);
  const reason = reasonOf(service);
  return reason === undefined ? `${service.name}: ${count}` : `${service.name}: ${reason.message}, ${count}`;
}
