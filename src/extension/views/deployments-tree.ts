import { type Disposable, EventEmitter, type TreeDataProvider, type TreeItem, type TreeView, window } from "vscode";
import type { StateChange } from "../../bridge/sidecar/state";
import type { EngineHost } from "../engine-host";
import { changedRows } from "./changed-rows";
import { type DeploymentNode, deploymentItem, replicaItem, serviceItem } from "./deployment-nodes";

/** Deployments › services › replicas. A change of one refreshes its row and what is below it. */
export class DeploymentsTree implements TreeDataProvider<DeploymentNode>, Disposable {
  readonly #host: EngineHost;
  readonly #changed = new EventEmitter<DeploymentNode | undefined>();
  /** VS Code knows a row by the identity of its node, so each is made once. */
  readonly #nodes = new Map<string, DeploymentNode>();
  readonly #view: TreeView<DeploymentNode>;
  readonly #disposables: Disposable[] = [this.#changed];

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(host: EngineHost) {
    this.#host = host;
    this.#view = window.createTreeView("zlayer.deployments", { treeDataProvider: this, showCollapseAll: true });
    this.#disposables.push(
      this.#view,
      host.onDidChangeState((change) => this.#onChange(change)),
      host.onDidChangeStatus(() => this.#showConnection()),
    );
  }

  getTreeItem(node: DeploymentNode): TreeItem {
    const deployment = this.#host.deployments.get(node.deployment);
    const service = deployment?.services.find((candidate) => candidate.name === node.service);
    const replica = service?.replicas.find((candidate) => candidate.id === node.replica);
    if (node.kind === "deployment" && deployment !== undefined) {
      return deploymentItem(node, deployment);
    }
    if (node.kind === "service" && service !== undefined) {
      return serviceItem(node, service);
    }
    if (service !== undefined && replica !== undefined) {
      return replicaItem(node, service, replica);
    }
    // It went away between the question for the children and this one; the refresh is on its way.
    return { id: node.id, label: node.replica ?? node.service ?? node.deployment };
  }

  getChildren(node?: DeploymentNode): DeploymentNode[] {
    if (node === undefined) {
      return [...this.#host.deployments.values()]
        .sort((a, b) => a.name.localeCompare(b.name))
        .map((deployment) => this.#node({ kind: "deployment", deployment: deployment.name }));
    }
    const deployment = this.#host.deployments.get(node.deployment);
    if (node.kind === "deployment") {
      return (deployment?.services ?? []).map((service) =>
        this.#node({ kind: "service", deployment: node.deployment, service: service.name }, node),
      );
    }
    const service = deployment?.services.find((candidate) => candidate.name === node.service);
    if (node.kind !== "service" || service === undefined) {
      return [];
    }
    return service.replicas.map((replica) =>
      this.#node({ kind: "replica", deployment: node.deployment, service: service.name, replica: replica.id }, node),
    );
  }

  getParent(node: DeploymentNode): DeploymentNode | undefined {
    return node.parent;
  }

  /** The selected row. */
  get selection(): DeploymentNode | undefined {
    return this.#view.selection[0];
  }

  /** Brings a deployment into view and selects it, when the view is open. */
  async reveal(deployment: string): Promise<void> {
    if (this.#view.visible && this.#host.deployments.has(deployment)) {
      await this.#view.reveal(this.#node({ kind: "deployment", deployment }), {
        select: true,
        focus: false,
        expand: 2,
      });
    }
  }

  dispose(): void {
    for (const disposable of this.#disposables) {
      disposable.dispose();
    }
  }

  #node(content: Omit<DeploymentNode, "id" | "parent">, parent?: DeploymentNode): DeploymentNode {
    const id = [content.deployment, content.service, content.replica].filter((part) => part !== undefined).join("/");
    const known = this.#nodes.get(id);
    if (known !== undefined) {
      return known;
    }
    const made = { ...content, id, ...(parent && { parent }) };
    this.#nodes.set(id, made);
    return made;
  }

  #onChange(change: StateChange): void {
    if (change.kind !== "deployment") {
      return;
    }
    const { name, before, after } = change;
    if (before === undefined || after === undefined) {
      if (after === undefined) {
        this.#forget(`${name}/`);
        this.#nodes.delete(name);
      }
      this.#changed.fire(undefined);
      return;
    }
    for (const id of changedRows(before, after)) {
      const node = this.#nodes.get(id);
      if (node !== undefined) {
        this.#changed.fire(node);
      }
    }
  }

  #forget(prefix: string): void {
    for (const id of [...this.#nodes.keys()].filter((candidate) => candidate.startsWith(prefix))) {
      this.#nodes.delete(id);
    }
  }

  #showConnection(): void {
    const { status } = this.#host;
    // Without rows the view says itself what to do, which a message would hide.
    if (status.kind === "lost" && this.#host.deployments.size > 0) {
      this.#view.message = `Connecting again… ${status.error.message}`;
    } else {
      // Assigning `undefined` takes the message away, which the type does not say.
      (this.#view as { message: string | undefined }).message = undefined;
    }
  }
}
