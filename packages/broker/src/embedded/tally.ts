/** Numbers of messages of one queue, by state. */
export interface Tally {
  ready: number;
  delayed: number;
  held: number;
  dead: number;
}

/** Numbers of messages per queue, kept beside the tables because SQLite counts row by row. */
export class Tallies {
  #tallies = new Map<number, Tally>();

  of(queue: number): Tally {
    let tally = this.#tallies.get(queue);
    if (tally === undefined) {
      tally = { ready: 0, delayed: 0, held: 0, dead: 0 };
      this.#tallies.set(queue, tally);
    }
    return tally;
  }

  /** Returns a function that restores the numbers of now, for a transaction that is rolled back. */
  save(): () => void {
    const saved = new Map([...this.#tallies].map(([queue, tally]) => [queue, { ...tally }]));
    return () => {
      this.#tallies = saved;
    };
  }
}
