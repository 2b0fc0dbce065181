/** What requests are made for: an object or a directory, by its key. */
export interface Subject {
  readonly key: string;
}

/** Witnesses that are kept, at most. */
const most = 8;
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
    const latestFirst = [...this.#recent.slice(this.#next), ...this.#recent.slice(0, this.#next)].reverse();
    const all = [...latestFirst, ...(await this.#ofEarlierRuns())];
    return all.filter(({ key }) => !this.#dropped.has(key));
  }
}
