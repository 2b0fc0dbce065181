/** Refusals of one object, with a success between each two, before they may be its own. */
const repeated = 2;
/**
 * The requests that are needed as proof: for objects that had been refused before, and for others.
 */
const enough = 16;
/** After this number of requests older ones count half. */
const counted = 800;
/**
 * At least this share of all others is served; of objects that were refused before, less than this
 * part of that share.
 */
const shares = { others: 0.25, again: 0.2 };
/**
 * At least this share of all others is served before the rest is taken for objects that are refused
 * each time: a limit far below the rate refuses many objects twice by chance.
 */
const mostlyServed = 0.4;
/** Successes of witnesses, while all else is refused, before the refusals are the objects' own. */
const witnesses = 3;
/**
 * Refusals that count as the objects' own after each such success: several per request that may be
 * under way.
 */
const believed = 200;
/** Number of objects that are kept. */
const remembered = 10_000;

interface Answers {
  served: number;
  refused: number;
}

/**
 * Distinguishes objects that are refused each time, while others are served, from a limit. A limit
 * serves objects that it has refused before as often as all others. And it refuses witnesses as
 * often as all else, also when nothing but refused objects is asked for.
 */
export class OwnRefusals {
  /** By path: its refusals, and the number of successes until then. */
  readonly #refusedBefore = new Map<string, { times: number; servedUntil: number }>();
  #served = 0;
  readonly #again: Answers = { served: 0, refused: 0 };
  readonly #others: Answers = { served: 0, refused: 0 };
  /**
   * Since anything else was served, or a witness refused: refusals, also since the last witness;
   * and witnesses that were served.
   */
  #inRow = 0;
  #sinceWitness = 0;
  #witnesses = 0;
  #believed = 0;

  served(path: string): void {
    if (this.#refusedBefore.size === 0) return;
    this.#served++;
    this.#inRow = 0;
    this.#witnesses = 0;
    this.#count(this.#refusedBefore.delete(path) ? this.#again : this.#others, "served");
  }

  wasRefused(path: string | undefined): boolean {
    return path !== undefined && this.#refusedBefore.has(path);
  }

  /**
   * Too few objects were asked for again to distinguish their own refusals from those of a limit.
   */
  get isOpen(): boolean {
    return this.#again.served + this.#again.refused < enough;
  }

  /**
   * The share of all objects that are refused each time; `undefined` if no refusals are known to be
   * the objects' own, or too many for a share.
   */
  get shareRefused(): number | undefined {
    const served = shareServed(this.#others);
    return this.#areOwn && served >= mostlyServed ? 1 - served : undefined;
  }

  /** A witness was asked for. Returns true if that shows that the refusals are the objects' own. */
  witness(isServed: boolean): boolean {
    if (!isServed) this.#inRow = this.#witnesses = this.#believed = 0;
    else if (this.#sinceWitness > 0) this.#witnesses++;
    this.#sinceWitness = 0;
    const isNews = this.#believed === 0;
    if (!isNews || (this.#witnesses >= witnesses && this.#inRow >= enough)) this.#believed = believed;
    return isNews && this.#believed > 0;
  }

  /**
   * Returns whether the refusal is the object's own and no evidence about the pace. `isHeld`: a
   * request must be served before others go on, so that it may be an outage.
   */
  refused(path: string, isHeld: boolean): boolean {
    this.#inRow++;
    this.#sinceWitness++;
    const isRepeated = this.#repeats(path) && !isHeld && this.#areOwn;
    if (this.#believed === 0) return isRepeated;
    this.#believed--;
    return true;
  }

  /** Returns whether it was refused before, with a success in between. */
  #repeats(path: string): boolean {
    const before = this.#refusedBefore.get(path);
    if (before === undefined) {
      if (this.#refusedBefore.size >= remembered) this.#refusedBefore.clear();
      this.#refusedBefore.set(path, { times: 1, servedUntil: this.#served });
      this.#count(this.#others, "refused");
      return false;
    }
    if (this.#served > before.servedUntil) {
      before.times++;
      before.servedUntil = this.#served;
      this.#count(this.#again, "refused");
    }
    return before.times >= repeated;
  }

  get #areOwn(): boolean {
    const again = this.#again;
    const others = this.#others;
    if (again.refused < enough || others.served < enough) return false;
    const ofOthers = shareServed(others);
    return ofOthers >= shares.others && shareServed(again) < shares.again * ofOthers;
  }

  #count(answers: Answers, what: keyof Answers): void {
    answers[what]++;
    if (answers.served + answers.refused < counted) return;
    answers.served /= 2;
    answers.refused /= 2;
  }
}

function shareServed({ served, refused }: Answers): number {
  return served / (served + refused);
}
