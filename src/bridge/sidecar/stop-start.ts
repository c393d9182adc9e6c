import { isRecord } from "./api-error";
import type { Cancellable, ZLayerClient } from "./client";
import type { DeploymentState } from "./types";

/** Wanted replicas by service. */
export type Replicas = Readonly<Record<string, number>>;

/**
 * Stops all replicas of a deployment; its spec stays.
 *
 * @returns how many there were, for `startDeployment`
 */
export async function stopDeployment(
  client: ZLayerClient,
  deployment: DeploymentState,
  options: Cancellable = {},
): Promise<Replicas> {
  const running = deployment.services.filter((service) => service.desired > 0);
  await Promise.all(running.map((service) => client.scale(deployment.name, service.name, 0, options)));
  return Object.fromEntries(running.map((service) => [service.name, service.desired]));
}

/**
 * Starts the stopped services of a deployment again.
 *
 * @param before as they were before the stop; a service that is not in it gets what the spec says
 */
export async function startDeployment(
  client: ZLayerClient,
  deployment: DeploymentState,
  before: Replicas,
  options: Cancellable = {},
): Promise<void> {
  const { spec } = await client.deploymentSpec(deployment.name, options);
  const stopped = deployment.services.filter((service) => service.desired === 0);
  await Promise.all(
    stopped.map((service) =>
      client.scale(deployment.name, service.name, before[service.name] ?? wantedBySpec(spec, service.name), options),
    ),
  );
}

/** Replicas that a stored spec wants of a service: a fixed number, the lower limit of an adaptive one, else 1. */
function wantedBySpec(spec: unknown, service: string): number {
  const services = isRecord(spec) ? spec["services"] : undefined;
  const own = isRecord(services) ? services[service] : undefined;
  const scale = isRecord(own) ? own["scale"] : undefined;
  const wanted = isRecord(scale) ? (scale["replicas"] ?? scale["min"]) : undefined;
  return typeof wanted === "number" ? wanted : 1;
}
