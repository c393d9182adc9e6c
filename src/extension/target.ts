import { commands, window } from "vscode";
import type { DeploymentState, ReplicaState, ServiceState } from "../bridge/sidecar/types";
import { describeDeployment, describeReplica, describeService } from "../bridge/sidecar/words";
import type { EngineHost } from "./engine-host";

/** What a command is about: a deployment, one of its services, or one replica. Tree nodes, lenses and keybindings hand it over. */
export interface TargetArgument {
  readonly deployment: string;
  readonly service?: string;
  /** Container id. */
  readonly replica?: string;
  /** The spec that it came from. */
  readonly uri?: string;
}

export interface DeploymentTarget {
  readonly deployment: DeploymentState;
}
export interface ServiceTarget extends DeploymentTarget {
  readonly service: ServiceState;
}
export interface ReplicaTarget extends ServiceTarget {
  readonly replica: ReplicaState;
}

/** Reads a command's argument, which may come from anywhere. */
export function targetArgument(value: unknown): TargetArgument | undefined {
  if (typeof value !== "object" || value === null) {
    return undefined;
  }
  const { deployment, service, replica, uri } = value as Partial<Record<keyof TargetArgument, unknown>>;
  if (typeof deployment !== "string") {
    return undefined;
  }
  return {
    deployment,
    ...(typeof service === "string" && { service }),
    ...(typeof replica === "string" && { replica }),
    ...(typeof uri === "string" && { uri }),
  };
}

/** The deployment that the argument names, or the one that the user picks. `undefined`: there is none, or none was picked. */
export async function pickDeployment(
  host: EngineHost,
  argument: unknown,
  placeHolder: string,
): Promise<DeploymentTarget | undefined> {
  await host.connectAndList();
  const wanted = targetArgument(argument);
  if (wanted !== undefined) {
    const deployment = host.deployments.get(wanted.deployment);
    if (deployment === undefined) {
      await offerDeploy(`“${wanted.deployment}” is not deployed.`, wanted);
      return undefined;
    }
    return { deployment };
  }
  const items = [...host.deployments.values()].map((deployment) => ({
    label: deployment.name,
    description: describeDeployment(deployment),
    deployment,
  }));
  const picked = await pick(items, placeHolder, "Nothing is deployed.");
  return picked && { deployment: picked.deployment };
}

/** @param among which services are offered; all when absent */
export async function pickService(
  host: EngineHost,
  argument: unknown,
  placeHolder: string,
  among: (service: ServiceState) => boolean = () => true,
): Promise<ServiceTarget | undefined> {
  await host.connectAndList();
  const wanted = targetArgument(argument);
  if (wanted !== undefined && !host.deployments.has(wanted.deployment)) {
    await offerDeploy(`“${wanted.deployment}” is not deployed.`, wanted);
    return undefined;
  }
  const candidates = allServices(host).filter(
    ({ deployment, service }) =>
      (wanted === undefined || wanted.deployment === deployment.name) &&
      (wanted?.service === undefined || wanted.service === service.name),
  );
  if (wanted?.service !== undefined && candidates.length === 0) {
    await offerDeploy(`“${wanted.deployment}” runs without the service “${wanted.service}”. Deploy it again.`, wanted);
    return undefined;
  }
  const fitting = candidates.filter(({ service }) => among(service));
  const only = fitting[0];
  if (only !== undefined && fitting.length === 1 && wanted !== undefined) {
    return only;
  }
  const items = fitting.map((target) => ({
    label: target.service.name,
    description: `${target.deployment.name} · ${describeService(target.service)}`,
    target,
  }));
  const empty = candidates.length === 0 ? "Nothing is deployed." : "No service that runs fits this command.";
  return (await pick(items, placeHolder, empty))?.target;
}

/** @param among which replicas are offered; all when absent */
export async function pickReplica(
  host: EngineHost,
  argument: unknown,
  placeHolder: string,
  among: (replica: ReplicaState) => boolean = () => true,
): Promise<ReplicaTarget | undefined> {
  await host.connectAndList();
  const wanted = targetArgument(argument);
  if (wanted !== undefined && !host.deployments.has(wanted.deployment)) {
    await offerDeploy(`“${wanted.deployment}” is not deployed.`, wanted);
    return undefined;
  }
  const candidates = allServices(host)
    .filter(
      ({ deployment, service }) =>
        (wanted === undefined || wanted.deployment === deployment.name) &&
        (wanted?.service === undefined || wanted.service === service.name),
    )
    .flatMap((target) => target.service.replicas.map((replica) => ({ ...target, replica })))
    .filter(({ replica }) => wanted?.replica === undefined || wanted.replica === replica.id)
    .filter(({ replica }) => among(replica));
  const only = candidates[0];
  if (only !== undefined && candidates.length === 1 && wanted !== undefined) {
    return only;
  }
  const items = candidates.map((target) => ({
    label: `${target.service.name}/${target.replica.index}`,
    description: `${target.deployment.name} · ${describeReplica(target.replica)}`,
    detail: target.replica.id,
    target,
  }));
  const scope = wanted === undefined ? "" : ` of “${wanted.service ?? wanted.deployment}”`;
  return (await pick(items, placeHolder, `No container${scope} runs now.`))?.target;
}

function allServices(host: EngineHost): ServiceTarget[] {
  return [...host.deployments.values()].flatMap((deployment) =>
    deployment.services.map((service) => ({ deployment, service })),
  );
}

async function pick<T extends { label: string; description: string }>(
  items: readonly T[],
  placeHolder: string,
  whenEmpty: string,
): Promise<T | undefined> {
  if (items.length === 0) {
    await offerDeploy(whenEmpty);
    return undefined;
  }
  return window.showQuickPick(items, { placeHolder, matchOnDescription: true });
}

async function offerDeploy(message: string, argument?: TargetArgument): Promise<void> {
  const deployIt = "Deploy a Spec";
  if ((await window.showInformationMessage(message, deployIt)) === deployIt) {
    await commands.executeCommand("zlayer.deployment.deploy", argument);
  }
}
