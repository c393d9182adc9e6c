/**
 * How receipts reach the developer's side and come back. It carries signatures and needs no trust of its own: what comes back is checked
 * against the job's receipt key, and a channel that fails costs the node nothing but the way of its own proof.
 */
export interface ReceiptChannel {
  /**
   * @param receipt as the node signed it, JSON (`nodeReceiptText`)
   * @returns the same, signed by both sides, JSON (`signedReceiptText`); undefined while the developer's side has not signed
   */
  offer(jobId: bigint, receipt: string, signal?: AbortSignal): Promise<string | undefined>;
}
