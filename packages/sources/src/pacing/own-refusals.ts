/** Times that one object is refused, with something served between each two, before that may be its own. */
const repeated = 2;
/** So many requests must speak for that: for objects that had been refused before, and for others. */
const enough = 16;
/** Older requests count half after so many. */
const counted = 800;
/** Of all else, at least this share is served; of what was refused before, less than this part of that. */
const shares = { others: 0.25, again: 0.2 };
/** Objects that are remembered. */
const remembered = 10_000;

interface Answers {
  served: number;
  refused: number;
}

/**
 * Tells objects that are refused each time, while others are served, from a limit. A limit serves what it has refused before as often as
 * all else.
 */
export class OwnRefusals {
  /** By path: times that it was refused, and what had been served until then. */
  readonly #refusedBefore = new Map<string, { times: number; servedUntil: number }>();
  #served = 0;
  readonly #again: Answers = { served: 0, refused: 0 };
  readonly #others: Answers = { served: 0, refused: 0 };

  served(path: string): void {
    if (this.#refusedBefore.size === 0) return;
    this.#served++;
    this.#count(this.#refusedBefore.delete(path) ? this.#again : this.#others, "served");
  }

  /** Returns whether it is the object's own, and says nothing of the pace. */
  refused(path: string): boolean {
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
    return before.times >= repeated && this.#areOwn;
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
