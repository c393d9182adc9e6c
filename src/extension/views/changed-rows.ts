import type { DeploymentState, ServiceState } from "../../bridge/sidecar/types";

/** The rows that must be drawn again: the topmost of each branch that differs, since a refresh includes what is below. */
export function changedRows(before: DeploymentState, after: DeploymentState): string[] {
  if (differs({ ...before, services: namesOf(before) }, { ...after, services: namesOf(after) })) {
    return [after.name];
  }
  // The row of the deployment counts the healthy replicas of all services.
  const counts = (state: DeploymentState): unknown =>
    state.services.map((service) => [service.desired, service.healthy]);
  if (differs(counts(before), counts(after))) {
    return [after.name];
  }
  return after.services.flatMap((service, at) => changedInService(after.name, before.services[at] ?? service, service));
}

function changedInService(deployment: string, before: ServiceState, after: ServiceState): string[] {
  const id = `${deployment}/${after.name}`;
  const ids = (service: ServiceState): string[] => service.replicas.map((replica) => replica.id);
  const reasons = (service: ServiceState): unknown => service.replicas.map((replica) => replica.reason);
  const own = (service: ServiceState): unknown => ({ ...service, replicas: [ids(service), reasons(service)] });
  if (differs(own(before), own(after))) {
    return [id];
  }
  return after.replicas
    .filter((replica, at) => differs(before.replicas[at], replica))
    .map((replica) => `${id}/${replica.id}`);
}

function namesOf(state: DeploymentState): string[] {
  return state.services.map((service) => service.name);
}

function differs(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) !== JSON.stringify(b);
}
