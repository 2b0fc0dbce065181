/** Milliseconds that a measurement takes at least: while places double, and later. */
const shortest = { doubling: 300, steady: 1_000 } as const;
/** A measurement without enough answers takes this many times as long, and then counts. */
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
/** The part of the answers that must end while all places are used. Else others set the speed. */
const shortPart = 0.5;

/** What is sought, and what is known of it beforehand. */
export interface PlaceSearchOptions {
  /** Places at the start. */
  readonly first: number;
  /** Later there are never fewer, unless `most` is less. */
  readonly enough: number;
  readonly most: number;
  /**
   * What a request costs besides what it brings, in the same unit: without it, a run of small
   * answers after large ones would look like a slower line.
   */
  readonly requestCost: number;
  /** Answers per place that a measurement needs. */
  readonly perPlace: number;
  /** The part of the places that must be used for them to count as all used. */
  readonly fullPart: number;
}

/** A measured speed, per millisecond: what came, and `requestCost` per answer. */
interface Measured {
  readonly places: number;
  readonly speed: number;
}

/**
 * Seeks the number of places that brings most, while answers come. Places double as long as that
 * pays (as TCP's slow start and the start of BBR do), and to `enough` in any case. Then trials of
 * more and of fewer places go on for ever, because a store, a line or a disk changes during a run
 * of days. Where two numbers bring the same, the smaller is kept. Places that are not used are no
 * reason for more.
 */
export class PlaceSearch {
  readonly #options: PlaceSearchOptions;
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
  /** Requests that were begun with other places, which end first. */
  #earlier = 0;
  #began: number | undefined;
  #broughtBefore = 0;
  #ended = 0;
  #endedWhileFull = 0;
  #peak = 0;

  constructor(options: PlaceSearchOptions) {
    this.#options = options;
    this.#limit = Math.min(options.first, options.most);
  }

  get limit(): number {
    return this.#limit;
  }

  /** Whether all places were used, most of the time. */
  get isShort(): boolean {
    return this.#isShort;
  }

  /** An answer ended. `now`: milliseconds; `brought`: by all so far; `running`: with it. */
  ended(now: number, brought: number, running: number): void {
    if (this.#earlier > 0) {
      this.#earlier--;
    } else if (this.#began === undefined) {
      this.#begin(now, brought);
    } else {
      this.#ended++;
      if (running >= this.#options.fullPart * this.#limit) this.#endedWhileFull++;
      if (running > this.#peak) this.#peak = running;
      const took = now - this.#began;
      if (this.#isEnough(took)) this.#close(now, brought, took);
    }
  }

  /** Nothing was under way for a while: what is being measured does not count. */
  interrupted(): void {
    this.#isShort = false;
    this.#began = undefined;
    this.#earlier = 0;
  }

  /**
   * What comes is not needed as fast: there are fewer places, and no trial for a while. `now`:
   * milliseconds.
   */
  notNeeded(now: number): void {
    this.#isDoubling = false;
    if (this.#trial !== undefined) {
      this.#set(this.#base?.places ?? this.#limit);
      this.#pause = Math.min(longestPause, this.#pause * 2);
    }
    this.#nextTrial = now + this.#pause;
    this.#trial = undefined;
    this.#base = undefined;
    this.#set(Math.floor(this.#limit * fewer));
    this.interrupted();
  }

  #isEnough(took: number): boolean {
    const least = this.#isDoubling ? shortest.doubling : shortest.steady;
    return took >= least && (this.#ended >= this.#options.perPlace * this.#limit || took >= patience * least);
  }

  #close(now: number, brought: number, took: number): void {
    const speed = (brought - this.#broughtBefore + this.#ended * this.#options.requestCost) / took;
    this.#isShort = this.#endedWhileFull >= shortPart * this.#ended;
    this.#used = this.#peak;
    this.#begin(now, brought);
    this.#measured(now, { places: this.#limit, speed });
  }

  #begin(now: number, brought: number): void {
    this.#began = now;
    this.#broughtBefore = brought;
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
    if (pays && this.#limit < this.#options.most) {
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
    const isLast = this.#limit >= this.#options.most;
    const mayBeMore = this.#lastTrial === "fewer" || this.#limit <= this.#options.enough;
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
    if (trial === "more" && this.#limit < this.#options.most) this.#try("more");
    else this.#nextTrial = now + this.#pause;
  }

  #set(places: number): void {
    const { most, enough } = this.#options;
    const limit = Math.min(most, Math.max(enough, places));
    if (limit === this.#limit) return;
    this.#earlier = this.#limit;
    this.#began = undefined;
    this.#limit = limit;
  }
}
