/**
 * The request of the server for values that only the editor's side can know: {@link LiveValuesParams}, answered with a list of
 * texts. It is sent to editors whose initialisation options say `{ liveValues: true }`, may be cancelled, and is waited for
 * {@link LONGEST_WAIT_MS} at most.
 */
export const LIVE_VALUES = "zlayer/liveValues";

/**
 * Images that the engine keeps; tags that a registry lists for an image; names of the engine's environment; secrets, of which only the
 * names are known; labels of nodes, or the values of one; models of GPUs.
 */
export type LiveValuesParams =
  | { kind: "images" }
  | { kind: "tags"; image: string }
  | { kind: "environment" }
  | { kind: "secrets" }
  | { kind: "node-labels"; label?: string }
  | { kind: "gpu-models" };

/** A list of completions does not wait longer for another machine, in ms. */
export const LONGEST_WAIT_MS = 2_000;
