import { Emitter, type Unsubscribe } from "../emitter";
import type { DeploymentState, ReplicaState, ServiceState, StatusLine } from "./types";

/** One change of what is observed. */
export type StateChange =
  | {
      readonly kind: "deployment";
      readonly name: string;
      readonly before?: DeploymentState;
      readonly after?: DeploymentState;
    }
  /** The list of images changed; read it again. */
  | { readonly kind: "images" }
  /** Everything that exists is known now, for the first time or again. */
  | { readonly kind: "synced" };

/** A line of the engine's status stream, or that a new list of everything begins. */
export type ObservedLine = StatusLine | { readonly type: "list" };

/** A deployment, one of its services, or one replica of that. */
export interface Place {
  readonly deployment: DeploymentState;
  readonly service?: ServiceState;
  readonly replica?: ReplicaState;
}

/**
 * What the engine last said about every deployment. It is kept while the connection is down, and is then what was true last.
 * Changes are told one by one; nothing is told for what arrives unchanged.
 */
export class ObservedState {
  readonly #deployments = new Map<string, DeploymentState>();
  readonly #changes = new Emitter<StateChange>();
  /** Names that came since the list began; `undefined` while no list is being read. */
  #listing: Set<string> | undefined = new Set();
  #synced = false;

  /** By name. */
  get deployments(): ReadonlyMap<string, DeploymentState> {
    return this.#deployments;
  }

  /** Whether everything that existed when the connection was made is known. */
  get synced(): boolean {
    return this.#synced;
  }

  onChange(listener: (change: StateChange) => void): Unsubscribe {
    return this.#changes.on(listener);
  }

  /** Where a container is in the deployments. */
  findReplica(containerId: string): Required<Place> | undefined {
    for (const deployment of this.#deployments.values()) {
      for (const service of deployment.services) {
        const replica = service.replicas.find((candidate) => candidate.id === containerId);
        if (replica !== undefined) {
          return { deployment, service, replica };
        }
      }
    }
    return undefined;
  }

  /** A new list begins: at its end, what was not in it is gone. */
  beginList(): void {
    this.#listing = new Set();
    this.#synced = false;
  }

  /** Takes one line of the engine's status stream. */
  apply(line: ObservedLine): void {
    switch (line.type) {
      case "deployment":
        this.#listing?.add(line.deployment.name);
        this.#set(line.deployment);
        return;
      case "removed":
        this.#remove(line.name);
        return;
      case "images":
        this.#changes.emit({ kind: "images" });
        return;
      case "list":
        this.beginList();
        return;
      case "synced":
        this.#endList();
        return;
    }
  }

  /** Forgets everything: another engine is connected. */
  clear(): void {
    for (const name of [...this.#deployments.keys()]) {
      this.#remove(name);
    }
    this.beginList();
  }

  #endList(): void {
    const listed = this.#listing;
    if (listed !== undefined) {
      this.#listing = undefined;
      for (const name of [...this.#deployments.keys()].filter((candidate) => !listed.has(candidate))) {
        this.#remove(name);
      }
    }
    this.#synced = true;
    this.#changes.emit({ kind: "synced" });
  }

  #set(after: DeploymentState): void {
    const before = this.#deployments.get(after.name);
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(after)) {
      return;
    }
    this.#deployments.set(after.name, after);
    this.#changes.emit({ kind: "deployment", name: after.name, after, ...(before && { before }) });
  }

  #remove(name: string): void {
    const before = this.#deployments.get(name);
    if (before !== undefined) {
      this.#deployments.delete(name);
      this.#changes.emit({ kind: "deployment", name, before });
    }
  }
}
