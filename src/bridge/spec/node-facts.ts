// What an engine's list of nodes says that a spec may use. An engine that does not serve a list answers with an error.
import type { ZLayerClient } from "../sidecar/client";

interface Cancellable {
  readonly signal?: AbortSignal;
}

/** What a node can hold: cores, and memory in bytes. */
export interface NodeSize {
  readonly name: string;
  readonly cpu: number;
  readonly memory: number;
}

/** The labels of the nodes, or the values of one. @throws as the client's calls do */
export async function nodeLabels(client: ZLayerClient, label?: string, options: Cancellable = {}): Promise<string[]> {
  const nodes = await client.nodes(options);
  const found = nodes.flatMap(({ labels }) =>
    label === undefined ? Object.keys(labels ?? {}) : Object.hasOwn(labels ?? {}, label) ? [labels?.[label] ?? ""] : [],
  );
  return [...new Set(found)].sort();
}

/** The sizes of the nodes that take work. Those that say nothing of their size are left out. @throws as the client's calls do */
export async function nodeSizes(client: ZLayerClient, options: Cancellable = {}): Promise<NodeSize[]> {
  return (await client.clusterNodes(options))
    .filter(({ status, cpu_total, memory_total }) => status !== "dead" && cpu_total > 0 && memory_total > 0)
    .map(({ id, cpu_total, memory_total }) => ({ name: id, cpu: cpu_total, memory: memory_total }));
}
