/** The notification with the nodes that the editor knows: `{ nodes: KnownNode[] }`. Without it no rule speaks of nodes. */
export const KNOWN_NODES = "zlayer/knownNodes";

/** What a node can hold. */
export interface KnownNode {
  name: string;
  /** Cores. */
  cpu: number;
  /** Bytes. */
  memory: number;
  /** Cards, where it is known how many there are. */
  gpus?: number;
}

let known: readonly KnownNode[] = [];

/** The nodes that the editor told of last. */
export function knownNodes(): readonly KnownNode[] {
  return known;
}

export function setKnownNodes(nodes: readonly KnownNode[]): void {
  known = nodes;
}
