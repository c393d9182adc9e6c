import type { LogQuery, LogSource, Replica, ReplicaListing } from "../bridge/logs/log-source";
import type { LogTarget } from "../protocol/webview-logs";
import type { EngineHost } from "./engine-host";

/** Logs from whichever engine the window uses. */
export class EngineLogSource implements LogSource {
  readonly #host: EngineHost;

  constructor(host: EngineHost) {
    this.#host = host;
  }

  watchReplicas(target: LogTarget, listener: (listing: ReplicaListing) => void): () => void {
    let last = "";
    const tell = (): void => {
      const listing = this.#list(target);
      const text = JSON.stringify(listing);
      if (listing !== undefined && text !== last) {
        last = text;
        listener(listing);
      }
    };
    const listeners = [
      this.#host.onDidChangeStatus(tell),
      this.#host.onDidChangeState(
        (change) =>
          (change.kind === "synced" || (change.kind === "deployment" && change.name === target.deployment)) && tell(),
      ),
    ];
    tell();
    return () => {
      for (const disposable of listeners) {
        disposable.dispose();
      }
    };
  }

  async openLog(containerId: string, query: LogQuery, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const { client } = await this.#host.connect(signal);
    return client.openContainerLog(containerId, {
      follow: query.follow,
      tail: query.tail,
      since: query.sinceMs === undefined ? undefined : Math.floor(query.sinceMs / 1000),
      ...(query.streams !== "all" && { stdout: query.streams === "stdout", stderr: query.streams === "stderr" }),
      signal,
    });
  }

  /** `undefined` while it is not known yet. */
  #list(target: LogTarget): ReplicaListing | undefined {
    const { status, deployments } = this.#host;
    if (status.kind === "lost" || status.kind === "failed") {
      return { kind: "unreachable", reason: status.error.message };
    }
    if (status.kind === "untrusted") {
      return { kind: "unreachable", reason: "This workspace is not trusted." };
    }
    if (status.kind !== "connected" || !this.#host.synced) {
      return undefined;
    }
    const services = deployments.get(target.deployment)?.services ?? [];
    const replicas: Replica[] = services
      .filter((service) => target.service === undefined || service.name === target.service)
      .flatMap((service) => service.replicas.map(({ id, index }) => ({ id, service: service.name, index })))
      .filter((replica) => target.replica === undefined || replica.id === target.replica);
    return { kind: "known", replicas };
  }
}
