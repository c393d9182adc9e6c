import type { ZLayerClient } from "./client";
import type {
  ContainerInfo,
  DeploymentDetails,
  DeploymentState,
  Health,
  Phase,
  ReplicaState,
  ServiceState,
  ServiceSummary,
} from "./types";

/** Labels by which a container tells where it belongs. */
const LABEL = { deployment: "zlayer.deployment", service: "zlayer.service", replica: "zlayer.replica" } as const;

/**
 * Reads the state of every deployment of a stock `zlayer` daemon. It says less than the sidecar: no reasons, no
 * generations, and containers only where they carry labels.
 */
export async function readDaemonState(client: ZLayerClient, signal: AbortSignal): Promise<DeploymentState[]> {
  const [summaries, containers] = await Promise.all([
    client.deployments({ signal }),
    client.containers({}, { signal }).catch(() => []),
  ]);
  return Promise.all(
    summaries.map(async ({ name }) => {
      const [details, services] = await Promise.all([
        client.deployment(name, { signal }),
        client.services(name, { signal }),
      ]);
      return deploymentState(details, services, containers);
    }),
  );
}

/** What those three answers say together, in the sidecar's terms. */
export function deploymentState(
  details: DeploymentDetails,
  services: readonly ServiceSummary[],
  containers: readonly ContainerInfo[],
): DeploymentState {
  const phase = phaseOf(details.status);
  const own = containers.filter((container) => container.labels[LABEL.deployment] === details.name);
  return {
    name: details.name,
    phase,
    ...(phase === "failed" && { reason: { code: "failed", message: details.status } }),
    generation: 0,
    created_at: details.created_at,
    services: services.map((service) =>
      serviceState(
        service,
        details.service_health.find((health) => health.name === service.name)?.health,
        own.filter((container) => container.labels[LABEL.service] === service.name),
      ),
    ),
  };
}

function serviceState(
  service: ServiceSummary,
  health: string | undefined,
  containers: readonly ContainerInfo[],
): ServiceState {
  const phase = phaseOf(service.status);
  return {
    name: service.name,
    phase: phase === "running" && health === "unhealthy" ? "unhealthy" : phase,
    image: containers[0]?.image ?? "",
    desired: service.desired_replicas,
    running: service.replicas,
    healthy: health === "unhealthy" ? 0 : service.replicas,
    replicas: containers.map(replicaState).sort((a, b) => a.index - b.index),
    addresses: service.endpoints.flatMap((endpoint) => (endpoint.url ? [endpoint.url] : [])),
  };
}

function replicaState(container: ContainerInfo, position: number): ReplicaState {
  const index = Number.parseInt(container.labels[LABEL.replica] ?? "", 10);
  return {
    id: container.id,
    index: Number.isNaN(index) ? position : index,
    phase: phaseOf(container.state),
    restarts: 0,
    health: healthOf(container.health?.status),
    ...(container.pid != null && { pid: container.pid }),
    ...(container.ipv4 != null && { ipv4: container.ipv4 }),
    ...(container.exit_code != null && { exit_code: container.exit_code }),
  };
}

function phaseOf(words: string): Phase {
  const status = words.toLowerCase();
  const known: readonly [RegExp, Phase][] = [
    [/fail|error/, "failed"],
    [/unhealthy|degraded/, "unhealthy"],
    [/stopping|removing|deleting/, "stopping"],
    [/stop|exited|dead/, "stopped"],
    [/running|healthy|active/, "running"],
    [/pending|waiting|scheduled/, "waiting"],
  ];
  return known.find(([pattern]) => pattern.test(status))?.[1] ?? "starting";
}

function healthOf(status: string | undefined): Health {
  switch (status) {
    case "healthy":
    case "unhealthy":
      return status;
    case "starting":
      return "pending";
    default:
      return "none";
  }
}
