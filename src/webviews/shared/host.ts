import type * as v from "valibot";
import { parseMessage } from "../../protocol/webview-message";

/** The extension host, as this webview sees it. */
export interface Host<Out> {
  post(message: Out): void;
  /** What `saveState` kept before the webview was hidden or the window reloaded, if anything. Not checked. */
  savedState(): unknown;
  saveState(state: unknown): void;
}

/**
 * Connects to the extension host. Messages that do not match `schema` are dropped and told to `onProblem`.
 */
export function connectHost<In extends v.GenericSchema, Out>(
  schema: In,
  onMessage: (message: v.InferOutput<In>) => void,
  onProblem: (problem: string, host: Host<Out>) => void,
): Host<Out> {
  const api = acquireVsCodeApi();
  const host: Host<Out> = {
    post: (message) => api.postMessage(message),
    savedState: () => api.getState(),
    saveState: (state) => api.setState(state),
  };
  window.addEventListener("message", (event: MessageEvent<unknown>) => {
    const parsed = parseMessage(schema, event.data);
    if (parsed.ok) {
      onMessage(parsed.message);
    } else {
      onProblem(parsed.problem.slice(0, 1_000), host);
    }
  });
  return host;
}
