import { MarkdownString, TreeItem, TreeItemCollapsibleState } from "vscode";
import type { DeploymentState, Reason, ReplicaState, ServiceState } from "../../bridge/sidecar/types";
import { describeDeployment, describeReplica, describeService, phaseWords } from "../../bridge/sidecar/words";
import type { TargetArgument } from "../target";
import { phaseIcon } from "./phase-icon";

/** A row of the tree. It names what it stands for; what it shows is read from the observed state each time. */
export interface DeploymentNode extends TargetArgument {
  readonly kind: "deployment" | "service" | "replica";
  /** Stable while the thing exists. */
  readonly id: string;
  readonly parent?: DeploymentNode;
}

export function deploymentItem(node: DeploymentNode, state: DeploymentState): TreeItem {
  const item = itemOf(node, state.name, describeDeployment(state), TreeItemCollapsibleState.Expanded);
  item.iconPath = phaseIcon(state.phase);
  const stopped = state.services.every((service) => service.desired === 0);
  item.contextValue = `deployment;${stopped ? "stopped" : "started"};`;
  item.tooltip = details(state.name, state.phase, state.reason, [
    ["Services", String(state.services.length)],
    ["Generation", state.generation === 0 ? "" : String(state.generation)],
    ["Created", localTime(state.created_at)],
  ]);
  item.accessibilityInformation = {
    label: `Deployment ${state.name}, ${phaseWords(state.phase)}, ${item.description}`,
  };
  return item;
}

export function serviceItem(node: DeploymentNode, state: ServiceState): TreeItem {
  const collapsible = state.replicas.length === 0 ? TreeItemCollapsibleState.None : TreeItemCollapsibleState.Collapsed;
  const item = itemOf(node, state.name, describeService(state), collapsible);
  item.iconPath = phaseIcon(state.phase);
  const flags = [state.running > 0 ? "running" : "idle", ...(state.addresses.length > 0 ? ["addresses"] : [])];
  item.contextValue = `service;${flags.join(";")};`;
  item.tooltip = details(state.name, state.phase, state.reason, [
    ["Image", state.image],
    ["Replicas", `${state.desired} wanted, ${state.running} running, ${state.healthy} healthy`],
    ["Addresses", state.addresses.join(", ")],
  ]);
  item.accessibilityInformation = { label: `Service ${state.name}, ${phaseWords(state.phase)}, ${item.description}` };
  return item;
}

export function replicaItem(node: DeploymentNode, service: ServiceState, state: ReplicaState): TreeItem {
  const label = `${service.name}/${state.index}`;
  const item = itemOf(node, label, describeReplica(state), TreeItemCollapsibleState.None);
  item.iconPath = phaseIcon(state.phase);
  item.contextValue = `replica;${runs(state) ? "running" : "idle"};`;
  item.tooltip = details(label, state.phase, state.reason, [
    ["Container", state.id],
    ["Health", state.health],
    ["Address", state.ipv4 ?? ""],
    ["Process", state.pid == null ? "" : String(state.pid)],
    ["Restarts", String(state.restarts)],
    ["Exit code", state.exit_code == null ? "" : String(state.exit_code)],
    ["Started", state.started_at == null ? "" : localTime(state.started_at)],
  ]);
  item.accessibilityInformation = { label: `Container ${label}, ${phaseWords(state.phase)}, ${item.description}` };
  return item;
}

/** Whether the process of a replica runs, so that a shell can be opened in it. */
export function runs(replica: ReplicaState): boolean {
  return replica.phase === "running" || replica.phase === "unhealthy";
}

function itemOf(
  node: DeploymentNode,
  label: string,
  description: string,
  collapsible: TreeItemCollapsibleState,
): TreeItem {
  const item = new TreeItem(label, collapsible);
  item.id = node.id;
  item.description = description;
  return item;
}

/** Names and reasons come from elsewhere: they are text here, never Markdown. */
function details(
  title: string,
  phase: DeploymentState["phase"],
  reason: Reason | null | undefined,
  rows: readonly (readonly [string, string])[],
): MarkdownString {
  const text = new MarkdownString();
  text
    .appendMarkdown("**")
    .appendText(title)
    .appendMarkdown(`** — ${phaseWords(phase)}\n\n`);
  if (reason != null) {
    text.appendText(reason.message).appendMarkdown("\n\n");
  }
  for (const [name, value] of rows) {
    if (value !== "") {
      text.appendMarkdown(`- ${name}: `).appendText(value).appendMarkdown("\n");
    }
  }
  return text;
}

function localTime(timestamp: string): string {
  const time = new Date(timestamp);
  return Number.isNaN(time.valueOf()) ? timestamp : time.toLocaleString();
}
