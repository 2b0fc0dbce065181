/**
 * Refusals that are accepted while no limit is known, as a share of the requests: a steady six per
 * cent must never exceed it by chance. And the margin above a share that is known to come at any
 * rate, for chance with few requests.
 */
const borne = { unknown: 0.12, beyond: 0.2 };
/**
 * The least number of requests for the share; it is smaller if a share is known, so that a limit is
 * soon found.
 */
const measured = { unknown: 400, known: 100 };
/** After this number of requests older ones count half. */
const counted = 800;
/**
 * This number of refusals in a row shows a limit, or the number that chance produces no more often
 * than this.
 */
const inARow = { least: 8, most: 32, chance: 1e-5 };
/** More than these, among those that are measured, are not one object's. */
const ofOneObject = 8;
/** Milliseconds for which a share stays valid. Then slowing down is tried anew. */
const knownFor = 60_000;

/** The accepted share. */
interface Bounds {
  readonly share: number;
  readonly measured: number;
  readonly inARow: number;
  readonly until: number;
}

const usual: Bounds = {
  share: borne.unknown,
  measured: measured.unknown,
  inARow: inARow.least,
  until: Number.POSITIVE_INFINITY,
};

/**
 * Distinguishes single refusals that come at any rate, for example from one of many servers that is
 * unwell, from those of a limit. A rate that is cut for the first kind would be cut again and
 * again, without end.
 */
export class SteadyRefusals {
  #served = 0;
  #refused = 0;
  #bounds = usual;
  /** When the latest share ends to be valid, also if it was dropped before. */
  #learntUntil = Number.NEGATIVE_INFINITY;

  /** Too many to be a single object's own. */
  get areMany(): boolean {
    return this.#refused > ofOneObject;
  }

  /** Their share is known, and slowing down does not lower it. */
  get areKnown(): boolean {
    return this.#bounds !== usual;
  }

  /**
   * Whether refusals of this share may be the reason of a cut: a smaller one is accepted unlearnt,
   * and one that was learnt within the last minute was exceeded.
   */
  mayBeReason(share: number, now: number): boolean {
    return share > borne.unknown && now >= this.#learntUntil;
  }

  served(): void {
    this.#served++;
    this.#age();
  }

  /**
   * `inRow`: refusals in a row, this one included. Returns whether this refusal is accepted without
   * a cut.
   */
  bears(inRow: number, now: number): boolean {
    this.#refused++;
    const { share, measured, inARow, until } = this.#bounds;
    const isBorne =
      now < until &&
      inRow < inARow &&
      this.#refused <= share * Math.max(measured, this.#served + this.#refused);
    if (!isBorne) this.forget();
    this.#age();
    return isBorne;
  }

  /** This share of the requests is refused at any rate. */
  learn(refusedShare: number, now: number): void {
    const share = Math.min(0.9, refusedShare + borne.beyond);
    const byChance = Math.ceil(Math.log(inARow.chance) / Math.log(share));
    this.#bounds = {
      share,
      measured: measured.known,
      inARow: Math.min(inARow.most, Math.max(inARow.least, byChance)),
      until: now + knownFor,
    };
    this.#learntUntil = now + knownFor;
    this.#served = 0;
    this.#refused = 0;
  }

  /** Drops the known share. */
  forget(): void {
    this.#bounds = usual;
  }

  #age(): void {
    if (this.#served + this.#refused < counted) return;
    this.#served /= 2;
    this.#refused /= 2;
  }
}
