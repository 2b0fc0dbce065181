import { firstListings } from "./listing-places.ts";

/**
 * As many positions come in hand as there are places, times this, because those of a message end
 * one after the other.
 */
const ahead = 2;
/** Positions of a usual message, until some have come. */
const usual = 16;
/** The part that a message has in the average. */
const share = 1 / 16;

/**
 * How many messages a lister has in hand: so many that its places are used, and never more than
 * places. Else other listers would have nothing to do. A message names one page or several
 * directories, so the number follows from the messages that came.
 */
export class Prefetch {
  /** The number at the start; it changes in steps of this. */
  readonly first: number;
  readonly #change: (prefetch: number) => void;
  #now: number;
  /** Positions in a message. */
  #average: number;

  /** `most`: places at most. `change`: called with each new number. */
  constructor(most: number, change: (prefetch: number) => void) {
    this.first = Math.min(firstListings, most);
    this.#change = change;
    this.#now = this.first;
    this.#average = usual;
  }

  /** A message came. `places`: the number at this moment. */
  came(positions: number, places: number): void {
    this.#average += (positions - this.#average) * share;
    const messages = Math.min(places, (ahead * places) / this.#average);
    const steps = Math.ceil(messages / this.first);
    const wanted = this.first * Math.max(1, steps);
    // Not at each small change: brokers must be asked.
    if (wanted <= this.#now && wanted > this.#now / 2) return;
    this.#now = wanted;
    this.#change(wanted);
  }
}
