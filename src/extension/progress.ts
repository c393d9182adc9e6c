import { type CancellationToken, ProgressLocation, window } from "vscode";
import { isAbort } from "../bridge/sidecar/api-error";
import type { SettleOptions } from "../bridge/sidecar/settle";

/** An `AbortSignal` that is aborted when the token is cancelled. */
export function abortWhenCancelled(token: CancellationToken): AbortSignal {
  const abort = new AbortController();
  if (token.isCancellationRequested) {
    abort.abort();
  }
  token.onCancellationRequested(() => abort.abort());
  return abort.signal;
}

/** Work of a few seconds, shown in a notification with a button that cancels it. */
export function withProgress<T>(title: string, work: (signal: AbortSignal) => Promise<T>): Thenable<T> {
  return window.withProgress(
    { location: ProgressLocation.Notification, title, cancellable: true },
    (_progress, token) => work(abortWhenCancelled(token)),
  );
}

/** Work of a moment that the engine finishes whether or not anybody waits: a button to cancel would promise what it cannot keep. */
export function withSteadyProgress<T>(title: string, work: () => Promise<T>): Thenable<T> {
  return window.withProgress({ location: ProgressLocation.Notification, title }, work);
}

/**
 * Work that the engine goes on with when nobody waits for it any more: shown until it is done, with what it waits for. Who cancels
 * only stops watching, and is told so.
 *
 * @param goesOn what is said then: "“hello” goes on stopping."
 * @returns whether it was done while it was watched
 */
export async function withWatchedProgress(
  title: string,
  goesOn: string,
  work: (options: Required<SettleOptions>) => Promise<void>,
): Promise<boolean> {
  try {
    await window.withProgress(
      { location: ProgressLocation.Notification, title, cancellable: true },
      (progress, token) =>
        work({ signal: abortWhenCancelled(token), onProgress: (message) => progress.report({ message }) }),
    );
    return true;
  } catch (error) {
    if (!isAbort(error)) {
      throw error;
    }
    void window.showInformationMessage(goesOn);
    return false;
  }
}
