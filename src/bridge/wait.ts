/** Waits, or rejects with the signal's `AbortError`. @param ms milliseconds */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(abortError(signal));
      return;
    }
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(abortError(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** What a call throws that was ended by its signal. */
export function abortError(signal?: AbortSignal): Error {
  const reason: unknown = signal?.reason;
  if (reason instanceof Error && reason.name === "AbortError") {
    return reason;
  }
  return new DOMException(reason instanceof Error ? reason.message : "The work was cancelled.", "AbortError");
}

/** Growing pauses between attempts; `reset` after a success. */
export class Backoff {
  #next: number;

  /** @param first and @param longest in milliseconds */
  constructor(
    private readonly first = 200,
    private readonly longest = 15_000,
  ) {
    this.#next = first;
  }

  /** The pause before the next attempt, in milliseconds: doubled each time, with up to a quarter taken off at random. */
  next(): number {
    const pause = this.#next;
    this.#next = Math.min(this.#next * 2, this.longest);
    return pause * (1 - Math.random() / 4);
  }

  reset(): void {
    this.#next = this.first;
  }
}
