import { type CancellationToken, ProgressLocation, window } from "vscode";

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

/** Work that the engine finishes whether or not anybody waits for it: a button to cancel would promise what it cannot keep. */
export function withSteadyProgress<T>(title: string, work: () => Promise<T>): Thenable<T> {
  return window.withProgress({ location: ProgressLocation.Notification, title }, work);
}
