/** What requests are made for: an object or a directory, by its key. */
export interface Subject {
  readonly key: string;
}

/** Witnesses of this run that are kept, at most. */
const most = 8;
/** Subjects that were listed unchanged that are kept, at most. */
const mostUnchanged = 24;
/**
 * Witnesses of this run that are asked, one after the other, before all of them count as refused.
 */
const enough = 3;
/** Dropped witnesses that are kept, at most. */
const remembered = 1_000;

/**
 * Subjects that the source has given: requested again, they show whether it still gives anything.
 * Those of this run come first, the latest before the others. Then those of earlier runs: first the
 * ones that were listed unchanged in this run.
 */
export class Witnesses<S extends Subject> {
  readonly #ofEarlierRuns: () => Promise<readonly S[]>;
  readonly #recent: S[] = [];
  #unchanged: S[] = [];
  /** Those of them that were added since some were asked last. */
  #notAsked: readonly S[] = [];
  readonly #dropped = new Set<string>();
  #next = 0;
  /** The latest that came when it was asked for as a witness. */
  #proven: S | undefined;

  constructor(ofEarlierRuns: () => Promise<readonly S[]>) {
    this.#ofEarlierRuns = ofEarlierRuns;
  }

  /** Whether there is none of this run. */
  get isEmpty(): boolean {
    return this.#recent.length === 0;
  }

  /** Whether something was listed unchanged, and has not been dropped since. */
  get hasUnchanged(): boolean {
    return this.#unchanged.length > 0;
  }

  /** Adds a witness in the place of the oldest. */
  add(subject: S): void {
    this.#recent[this.#next] = subject;
    this.#next = (this.#next + 1) % most;
  }

  /** Adds subjects that were listed unchanged, in the place of the oldest of these. */
  addUnchanged(subjects: readonly S[]): void {
    const isKnown = ({ key }: S) =>
      this.#dropped.has(key) || this.#unchanged.some((known) => known.key === key);
    const added = subjects.filter((one) => !isKnown(one));
    if (added.length === 0) return;
    this.#unchanged = [...added, ...this.#unchanged].slice(0, mostUnchanged);
    this.#notAsked = [...added, ...this.#notAsked].slice(0, mostUnchanged);
  }

  /** Called when it came as it was requested. */
  came(witness: S): void {
    this.#proven = witness;
  }

  /** Called when it does not come any more, by its own fault. */
  drop({ key }: S): void {
    if (this.#dropped.size >= remembered) this.#dropped.clear();
    this.#dropped.add(key);
    this.#unchanged = this.#unchanged.filter((one) => one.key !== key);
  }

  /**
   * Returns the latest that were listed unchanged and that neither this nor `toAsk` has given: `most`
   * at most. The others are kept for later.
   */
  notAsked(most: number): readonly S[] {
    const subjects = this.#notAsked.slice(0, most);
    this.#notAsked = this.#notAsked.slice(most);
    return subjects;
  }

  async all(): Promise<readonly S[]> {
    return [...this.#ofThisRun(), ...this.#unchanged, ...this.#kept(await this.#ofEarlierRuns())];
  }

  /**
   * Yields those to be asked, in order, each once, and without those that fail. All of earlier runs
   * are among them if there are few of this run: some may have changed since, and be among the
   * objects that this run is refused.
   */
  async *toAsk(failing: ReadonlyMap<string, S>): AsyncGenerator<S, void, undefined> {
    const passed = new Set(failing.keys());
    const isFirst = ({ key }: S) => !passed.has(key) && passed.add(key).has(key);
    const ofThisRun = this.#ofThisRun().filter(isFirst);
    yield* ofThisRun.slice(0, enough);
    if (ofThisRun.length >= enough) return;
    // What has come once is likely to come again, and those before it are not requested in vain.
    const proven = this.#proven === undefined ? [] : [this.#proven];
    const unchanged = this.#unchanged;
    this.#notAsked = [];
    yield* this.#kept([...proven, ...unchanged]).filter(isFirst);
    yield* this.#kept(await this.#ofEarlierRuns()).filter(isFirst);
  }

  /** The latest first. */
  #ofThisRun(): readonly S[] {
    return this.#kept([...this.#recent.slice(this.#next), ...this.#recent.slice(0, this.#next)].reverse());
  }

  #kept(subjects: readonly S[]): readonly S[] {
    return subjects.filter(({ key }) => !this.#dropped.has(key));
  }
}
