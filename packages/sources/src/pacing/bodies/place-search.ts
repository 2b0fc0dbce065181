/** Places at the start, as many as connections that are opened at once. */
const first = 16;
/** Later there are never fewer: with 16 on a fast line, a file takes 7 % more CPU than with 64. */
const enough = 64;
/**
 * What a request costs besides its bytes, in bytes: without it, a run of small files after large
 * ones would look like a slower line.
 */
const requestCost = 32 * 1024;
/** Milliseconds that a measurement takes at least: while places double, and later. */
const shortest = { doubling: 300, steady: 1_000 } as const;
/** A measurement without this many bodies per place takes ten times as long, and then counts. */
const perPlace = 2;
const patience = 10;
/** Doubled places are kept if the speed grows by this. */
const worthDoubling = 1.1;
/** A trial of half as many places more is kept if the speed grows by this. */
const more = 1.5;
const worthMore = 1.05;
/** A trial of fewer places is kept if this part of the speed is left. */
const fewer = 0.75;
const leftByFewer = 0.985;
/** Milliseconds between trials; doubled after each trial that was not kept. */
const firstPause = 2_000;
const longestPause = 30_000;
/** The part of the bodies that must end while all places are used. Else others set the speed. */
const shortPart = 0.5;

/** A measured speed, per second: bytes, and `requestCost` per body. */
interface Measured {
  readonly places: number;
  readonly speed: number;
}

/**
 * Seeks the number of places that brings most, while bodies come. Places double as long as that
 * pays (as TCP's slow start and the start of BBR do), and to 64 in any case. Then trials of more
 * and of fewer places go on for ever, because a store, a line or a disk changes during a run of
 * days. Where two numbers bring the same, the smaller is kept. Places that are not used are no
 * reason for more.
 */
export class PlaceSearch {
  readonly #most: number;
  #limit: number;
  /** The speed with the present places, or with those before the trial that goes on. */
  #base: Measured | undefined;
  #isDoubling = true;
  #trial: "more" | "fewer" | undefined;
  #lastTrial: "more" | "fewer" = "fewer";
  #nextTrial = 0;
  #pause = firstPause;
  #isShort = false;
  /** The most that were under way in the last measurement. */
  #used = 0;
  /** Bodies that were begun with other places, which end first. */
  #earlier = 0;
  #began: number | undefined;
  #bytesBefore = 0;
  #ended = 0;
  #endedWhileFull = 0;
  #peak = 0;

  constructor(most: number) {
    this.#most = most;
    this.#limit = Math.min(first, most);
  }

  get limit(): number {
    return this.#limit;
  }

  /** Whether all places were used, most of the time. */
  get isShort(): boolean {
    return this.#isShort;
  }

  /** A body ended. `now`: milliseconds; `bytes`: of all so far; `running`: with it. */
  ended(now: number, bytes: number, running: number): void {
    if (this.#earlier > 0) {
      this.#earlier--;
    } else if (this.#began === undefined) {
      this.#begin(now, bytes);
    } else {
      this.#ended++;
      if (running >= this.#limit) this.#endedWhileFull++;
      if (running > this.#peak) this.#peak = running;
      const took = now - this.#began;
      if (this.#isEnough(took)) this.#close(now, bytes, took);
    }
  }

  #isEnough(took: number): boolean {
    const least = this.#isDoubling ? shortest.doubling : shortest.steady;
    return took >= least && (this.#ended >= perPlace * this.#limit || took >= patience * least);
  }

  #close(now: number, bytes: number, took: number): void {
    const speed = (bytes - this.#bytesBefore + this.#ended * requestCost) / took;
    this.#isShort = this.#endedWhileFull >= shortPart * this.#ended;
    this.#used = this.#peak;
    this.#begin(now, bytes);
    this.#measured(now, { places: this.#limit, speed });
  }

  #begin(now: number, bytes: number): void {
    this.#began = now;
    this.#bytesBefore = bytes;
    this.#ended = 0;
    this.#endedWhileFull = 0;
    this.#peak = 0;
  }

  #measured(now: number, measured: Measured): void {
    if (!this.#isShort) this.#leaveUnused();
    else if (this.#isDoubling) this.#double(now, measured);
    else if (this.#trial !== undefined) this.#judge(now, measured, this.#trial);
    else this.#goOn(now, measured);
  }

  /**
   * Something else than the number of places sets the speed. Most places that are not used are
   * given up: when that limit ends, all of them would be used at once.
   */
  #leaveUnused(): void {
    if (this.#isDoubling) return;
    if (this.#trial !== undefined) this.#set(this.#base?.places ?? this.#limit);
    this.#trial = undefined;
    this.#base = undefined;
    const used = Math.ceil(this.#used * more);
    if (used < this.#limit) this.#set(used);
  }

  #double(now: number, measured: Measured): void {
    const base = this.#base;
    const pays = base === undefined || measured.speed >= base.speed * worthDoubling;
    if (pays && this.#limit < this.#most) {
      this.#base = measured;
      this.#set(this.#limit * 2);
      return;
    }
    this.#isDoubling = false;
    this.#nextTrial = now + this.#pause;
    if (pays) this.#base = measured;
    else this.#set(base.places);
  }

  /** Without a trial: the speed with the present places, then another trial. */
  #goOn(now: number, measured: Measured): void {
    const speed =
      this.#base?.places === this.#limit ? (this.#base.speed + measured.speed) / 2 : measured.speed;
    this.#base = { places: this.#limit, speed };
    if (now < this.#nextTrial) return;
    const isLast = this.#limit >= this.#most;
    const mayBeMore = this.#lastTrial === "fewer" || this.#limit <= enough;
    this.#try(mayBeMore && !isLast ? "more" : "fewer");
  }

  #try(trial: "more" | "fewer"): void {
    this.#trial = trial;
    this.#lastTrial = trial;
    this.#set(trial === "more" ? Math.ceil(this.#limit * more) : Math.floor(this.#limit * fewer));
  }

  #judge(now: number, measured: Measured, trial: "more" | "fewer"): void {
    const before = this.#base ?? measured;
    const isKept = measured.speed >= before.speed * (trial === "more" ? worthMore : leftByFewer);
    this.#trial = undefined;
    if (!isKept) {
      this.#set(before.places);
      this.#pause = Math.min(longestPause, this.#pause * 2);
      this.#nextTrial = now + this.#pause;
      return;
    }
    this.#base = measured;
    this.#pause = firstPause;
    if (trial === "more" && this.#limit < this.#most) this.#try("more");
    else this.#nextTrial = now + this.#pause;
  }

  #set(places: number): void {
    const limit = Math.min(this.#most, Math.max(enough, places));
    if (limit === this.#limit) return;
    this.#earlier = this.#limit;
    this.#began = undefined;
    this.#limit = limit;
  }
}
