/** Milliseconds that a count covers. */
const span = 1000;
/**
 * Milliseconds that the fullest second is looked for in: at least this many, at most twice as many.
 */
const lately = 60_000;
/**
 * Fewer events than these say nothing about a rate: a process that has just started has sent few
 * requests.
 */
const enough = 30;

/** The counts of a period. */
class Period {
  fullest = 0;
  events = 0;
}

/**
 * Events within the last second, to some per cent, and within the fullest second of late, at the
 * cost of a few counters.
 */
export class Tally {
  #began = Number.NEGATIVE_INFINITY;
  #current = 0;
  #previous = 0;
  #periodBegan = Number.NEGATIVE_INFINITY;
  #period = new Period();
  #periodBefore = new Period();

  add(now: number): void {
    this.#turn(now);
    this.#current++;
    this.#turnPeriod(now);
    this.#period.events++;
    this.#period.fullest = Math.max(this.#period.fullest, this.#countAt(now));
  }

  count(now: number): number {
    this.#turn(now);
    return this.#countAt(now);
  }

  #countAt(now: number): number {
    return this.#current + this.#previous * (1 - (now - this.#began) / span);
  }

  /**
   * Events in the fullest second of the last minute or two; 0 where there were too few to speak of
   * a rate.
   */
  fullest(now: number): number {
    this.#turnPeriod(now);
    const { fullest, events } = this.#periodBefore;
    return this.#period.events + events < enough ? 0 : Math.max(this.#period.fullest, fullest);
  }

  #turn(now: number): void {
    const spans = (now - this.#began) / span;
    if (spans < 1) return;
    this.#previous = spans < 2 ? this.#current : 0;
    this.#current = 0;
    this.#began = spans < 2 ? this.#began + span : now;
  }

  #turnPeriod(now: number): void {
    const periods = (now - this.#periodBegan) / lately;
    if (periods < 1) return;
    this.#periodBefore = periods < 2 ? this.#period : new Period();
    this.#period = new Period();
    this.#periodBegan = now;
  }
}
