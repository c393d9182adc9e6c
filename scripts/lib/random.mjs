/** Numbers that are the same for the same seed, so that what a run found can be found again. */
export class Random {
  #state;

  /** @param {number} seed a whole number */
  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to 1, which is not reached (mulberry32). */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /**
   * A whole number from 0 up to `most`, which is not reached.
   *
   * @param {number} most
   */
  below(most) {
    return Math.floor(this.next() * most);
  }

  /**
   * True that often, 0 to 1.
   *
   * @param {number} share
   */
  chance(share) {
    return this.next() < share;
  }

  /**
   * @template T
   * @param {readonly T[]} list of at least one
   * @returns {T}
   */
  pick(list) {
    return list[this.below(list.length)];
  }
}
