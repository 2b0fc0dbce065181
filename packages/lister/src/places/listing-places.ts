import { PlaceSearch, type Places } from "@brigade/core";

/** Places at the start. Later there are never fewer. */
export const firstListings = 8;
/** What a request costs besides the names of its page, in names. */
const requestCost = 200;
/** Pages per place that a measurement needs: they differ more than bodies do. */
const perPlace = 4;
/**
 * A page that is announced leaves its place before its message is settled and the next one comes.
 * So some places are free, also when the number of messages in hand is that of the places.
 */
const fullPart = 0.75;
/** Names on pages under way at once: beyond it, there are only as many places as at the start. */
const mostNames = 256_000;
/** The part that a page has in the average number of names. */
const share = 1 / 32;

/** The places for pages that are listed: a fixed number, or one that is sought. */
export class ListingPlaces {
  readonly #most: number;
  readonly #now: () => number;
  /** `undefined` if the number is fixed. */
  readonly #search: PlaceSearch | undefined;
  #running = 0;
  #names = 0;
  /** Of a page. */
  #average = 0;

  /** `now`: monotonic milliseconds. */
  constructor({ most, isSought }: Places, now: () => number) {
    this.#most = most;
    this.#now = now;
    const enough = firstListings;
    const options = { first: firstListings, enough, most, requestCost, perPlace, fullPart };
    this.#search = isSought ? new PlaceSearch(options) : undefined;
  }

  /** The number of places at this moment. */
  get limit(): number {
    if (this.#search === undefined) return this.#most;
    const withinMemory = Math.max(firstListings, Math.floor(mostNames / Math.max(1, this.#average)));
    return Math.min(this.#search.limit, withinMemory);
  }

  get running(): number {
    return this.#running;
  }

  /** Whether the number is the greatest that the configuration allows. */
  get isAtMost(): boolean {
    return this.limit >= this.#most;
  }

  /** Whether all places are used: lately, or at this moment if the number is fixed. */
  get isShort(): boolean {
    return this.#search?.isShort ?? this.#running >= this.#most;
  }

  begin(): void {
    if (this.#running === 0) this.#search?.interrupted();
    this.#running++;
  }

  /** `names`: on its page; `undefined` if none came. */
  end(names: number | undefined): void {
    if (names !== undefined) {
      this.#names += names;
      this.#average += (names - this.#average) * share;
      this.#search?.ended(this.#now(), this.#names, this.#running);
    }
    this.#running--;
  }

  /** Much of what was listed waits to be fetched: listing need not be as fast. */
  notNeeded(): void {
    this.#search?.notNeeded(this.#now());
  }
}
