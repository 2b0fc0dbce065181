/** A clock that stands still between events, so that hours take no time. Milliseconds. */
export class Timeline {
  readonly #events: { readonly at: number; readonly run: () => void }[] = [];
  #now = 0;

  readonly now = (): number => this.#now;

  readonly ring = (ms: number, run: () => void): void => {
    const at = this.#now + ms;
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#events[middle]?.at ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, { at, run });
  };

  /** Runs all events before this time. Returns their number. */
  runUntil(end: number): number {
    let ran = 0;
    for (let event = this.#events[0]; event !== undefined && event.at < end; event = this.#events[0]) {
      this.#events.shift();
      this.#now = event.at;
      event.run();
      ran++;
    }
    this.#now = end;
    return ran;
  }
}

/** Numbers in [0, 1) that are the same every time. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
