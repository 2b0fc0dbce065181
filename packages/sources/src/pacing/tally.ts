/** Milliseconds that a tally looks back on. */
const span = 1000;

/** Events within the last second, to some per cent, at the cost of two counters. */
export class Tally {
  #began = Number.NEGATIVE_INFINITY;
  #current = 0;
  #previous = 0;

  add(now: number): void {
    this.#turn(now);
    this.#current++;
  }

  count(now: number): number {
    this.#turn(now);
    return this.#current + this.#previous * (1 - (now - this.#began) / span);
  }

  #turn(now: number): void {
    const spans = (now - this.#began) / span;
    if (spans < 1) return;
    this.#previous = spans < 2 ? this.#current : 0;
    this.#current = 0;
    this.#began = spans < 2 ? this.#began + span : now;
  }
}
