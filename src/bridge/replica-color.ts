/** Colours that tell replicas apart; the webviews map them to colours of the theme. */
export const REPLICA_COLORS = 8;

/**
 * Picks a colour for a replica: the same one each time as long as it is free, so that a replica keeps its colour from the log
 * pane to the metrics panel; otherwise the next free one. With more replicas than colours they repeat.
 */
export function pickReplicaColor(service: string, replica: number, taken: ReadonlySet<number>): number {
  let hash = 0;
  for (let at = 0; at < service.length; at += 1) {
    hash = (Math.imul(hash, 31) + service.charCodeAt(at)) >>> 0;
  }
  const wanted = (hash + replica) % REPLICA_COLORS;
  for (let step = 0; step < REPLICA_COLORS; step += 1) {
    const color = (wanted + step) % REPLICA_COLORS;
    if (!taken.has(color)) {
      return color;
    }
  }
  return wanted;
}
