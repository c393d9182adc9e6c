import type { DeploymentState, Phase, Progress, ReplicaState, ServiceState } from "./types";

/** "43 of 120 MB", "43 MB", "3 of 5". Sizes in powers of ten, as registries and disks count. */
export function amount({ done, total, unit }: Progress): string {
  if (unit !== "bytes") {
    return total == null ? String(done) : `${done} of ${total}`;
  }
  if (total == null) {
    return size(done);
  }
  const [divisor, name] = unitOf(total);
  return `${number(done / divisor)} of ${number(total / divisor)} ${name}`;
}

/** @param bytes "1.2 GB", "43 MB", "640 kB" */
export function size(bytes: number): string {
  const [divisor, name] = unitOf(bytes);
  return `${number(bytes / divisor)} ${name}`;
}

/** "2 of 3 replicas healthy" */
export function replicaCount(healthy: number, desired: number): string {
  return `${healthy} of ${desired} ${desired === 1 ? "replica" : "replicas"} healthy`;
}

const PHASE_WORDS: Readonly<Record<Phase, string>> = {
  waiting: "waiting",
  starting: "starting",
  running: "running",
  unhealthy: "unhealthy",
  backoff: "restarting after a failure",
  stopping: "stopping",
  stopped: "stopped",
  failed: "failed",
};

/** A phase as a user reads it. */
export function phaseWords(phase: Phase): string {
  return PHASE_WORDS[phase];
}

/** Healthy replicas of those that are wanted: one that is to go is healthy until it ends. */
export function healthyOf(service: ServiceState): number {
  return Math.min(service.healthy, service.desired);
}

/** What stands beside a deployment's name: the reason of its wait, else how much of it is healthy. */
export function describeDeployment(state: DeploymentState): string {
  if (state.reason != null && state.phase !== "running") {
    return state.reason.message;
  }
  const desired = state.services.reduce((total, service) => total + service.desired, 0);
  const healthy = state.services.reduce((total, service) => total + healthyOf(service), 0);
  return state.phase === "running" || state.phase === "starting" || state.phase === "unhealthy"
    ? `${healthy}/${desired} healthy`
    : phaseWords(state.phase);
}

/** What stands beside a service's name. */
export function describeService(state: ServiceState): string {
  const reason = state.reason ?? (state.phase === "running" ? undefined : state.replicas.find(hasReason)?.reason);
  const count = `${healthyOf(state)}/${state.desired} healthy`;
  if (state.phase === "stopped" && state.desired === 0) {
    return "stopped";
  }
  return reason == null ? count : `${count} · ${reason.message}`;
}

/** What stands beside a replica's number. */
export function describeReplica(state: ReplicaState): string {
  if (state.reason != null && state.phase !== "running") {
    return state.reason.message;
  }
  if (state.phase === "stopped" || state.phase === "failed") {
    return state.exit_code == null
      ? phaseWords(state.phase)
      : `${phaseWords(state.phase)}, exit code ${state.exit_code}`;
  }
  const restarts = state.restarts === 0 ? "" : ` · ${state.restarts} ${state.restarts === 1 ? "restart" : "restarts"}`;
  if (state.phase !== "running") {
    return phaseWords(state.phase) + restarts;
  }
  const health =
    state.health === "none" ? "running" : state.health === "pending" ? "health check pending" : state.health;
  return `${health}${restarts}${state.ipv4 == null ? "" : ` · ${state.ipv4}`}`;
}

function hasReason(replica: ReplicaState): boolean {
  return replica.reason != null;
}

function unitOf(bytes: number): readonly [number, string] {
  if (bytes >= 1e9) {
    return [1e9, "GB"];
  }
  return bytes >= 1e6 ? [1e6, "MB"] : [1e3, "kB"];
}

function number(value: number): string {
  return value >= 10 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(1);
}
