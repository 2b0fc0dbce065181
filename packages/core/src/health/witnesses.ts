/** What requests are made for: an object or a directory, by its key. */
export interface Subject {
  readonly key: string;
}

/** Witnesses that are kept, at most. */
const most = 8;
/**
 * Witnesses of this run that are asked, one after the other, before all of them are believed to be
 * refused.
 */
const enough = 3;
/** Dropped witnesses that are kept, at most. */
const remembered = 1_000;

/**
 * Subjects that the source has given: asked for again, they show whether it still gives anything.
 * Those of this run come first, the latest before the others.
 */
export class Witnesses<S extends Subject> {
  readonly #ofEarlierRuns: () => Promise<readonly S[]>;
  readonly #recent: S[] = [];
  readonly #dropped = new Set<string>();
  #next = 0;

  constructor(ofEarlierRuns: () => Promise<readonly S[]>) {
    this.#ofEarlierRuns = ofEarlierRuns;
  }

  /** Whether there is none of this run. */
  get isEmpty(): boolean {
    return this.#recent.length === 0;
  }

  /** Adds a witness in the place of the oldest. */
  add(subject: S): void {
    this.#recent[this.#next] = subject;
    this.#next = (this.#next + 1) % most;
  }

  /** To be told that it does not come any more, by its own fault. */
  drop({ key }: S): void {
    if (this.#dropped.size >= remembered) this.#dropped.clear();
    this.#dropped.add(key);
  }

  async all(): Promise<readonly S[]> {
    return [...this.#ofThisRun(), ...this.#kept(await this.#ofEarlierRuns())];
  }

  /**
   * Resolves with those to be asked, in order, each once, and without those that fail. All of
   * earlier runs are among them if there are few of this run: some may have changed since, and be
   * among the objects that this run is refused.
   */
  async toAsk(failing: ReadonlyMap<string, S>): Promise<readonly S[]> {
    const passed = new Set(failing.keys());
    const isFirst = ({ key }: S) => !passed.has(key) && passed.add(key).has(key);
    const ofThisRun = this.#ofThisRun().filter(isFirst);
    if (ofThisRun.length >= enough) return ofThisRun.slice(0, enough);
    return [...ofThisRun, ...this.#kept(await this.#ofEarlierRuns()).filter(isFirst)];
  }

  /** The latest first. */
  #ofThisRun(): readonly S[] {
    return this.#kept([...this.#recent.slice(this.#next), ...this.#recent.slice(0, this.#next)].reverse());
  }

  #kept(subjects: readonly S[]): readonly S[] {
    return subjects.filter(({ key }) => !this.#dropped.has(key));
  }
}
