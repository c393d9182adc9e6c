/** Ends a subscription. Calling it again does nothing. */
export type Unsubscribe = () => void;

/** One kind of event with any number of listeners, called in the order in which they came. */
export class Emitter<T> {
  readonly #listeners = new Set<(value: T) => void>();

  on(listener: (value: T) => void): Unsubscribe {
    // A wrapper, so that one function may listen twice.
    const own = (value: T): void => listener(value);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  emit(value: T): void {
    for (const listener of [...this.#listeners]) {
      listener(value);
    }
  }

  clear(): void {
    this.#listeners.clear();
  }
}
