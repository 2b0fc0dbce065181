/** Milliseconds. After trouble, the usual way finds out what it is. */
const afterTrouble = 1_000;
/** Milliseconds. Where many answers are out of the ordinary, asking in the usual way costs less. */
const afterMany = 60_000;
/** More answers out of the ordinary than these, less one per 16 objects that came, are many. */
const many = 32;
const perOdd = 16;

/** Times in which all objects come in the usual way. */
export class Rest {
  readonly #now: () => number;
  #until = Number.NEGATIVE_INFINITY;
  #odd = 0;

  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  get isOn(): boolean {
    return this.#now() < this.#until;
  }

  /** An object came as it was listed. */
  stored(): void {
    if (this.#odd > 0) this.#odd = Math.max(0, this.#odd - 1 / perOdd);
  }

  /** A refusal came, or no answer: the source may be unwell, or may limit us. */
  trouble(): void {
    this.#begin(afterTrouble);
  }

  /** An answer came that is out of the ordinary, and about its object only. */
  odd(): void {
    if (++this.#odd <= many) return;
    this.#odd = 0;
    this.#begin(afterMany);
  }

  /** The server's answers are not plain: each connection would be handed over. */
  notPlain(): void {
    this.#begin(afterMany);
  }

  #begin(ms: number): void {
    this.#until = Math.max(this.#until, this.#now() + ms);
  }
}
