/** Refusals that are borne while nothing is known of a limit, as a share of the requests. Six per cent must never exceed it by chance. */
const borne = 0.12;
/** Requests over which the share is measured, at least; after twice as many, older ones count half. */
const measured = 400;
/** So many refusals in a row speak of a limit. */
const inARow = 8;

/**
 * Tells single refusals that come at any rate, as from one of many servers that is unwell, from those of a limit. A rate that is
 * cut for the first kind would be cut again and again, and never find the end of it.
 */
export class SteadyRefusals {
  #served = 0;
  #refused = 0;

  served(): void {
    this.#served++;
    this.#age();
  }

  /** `inRow`: refusals in a row, this one included. Returns whether this refusal is borne. */
  bears(inRow: number): boolean {
    this.#refused++;
    const isBorne =
      inRow < inARow && this.#refused <= borne * Math.max(measured, this.#served + this.#refused);
    this.#age();
    return isBorne;
  }

  #age(): void {
    if (this.#served + this.#refused < 2 * measured) return;
    this.#served /= 2;
    this.#refused /= 2;
  }
}
