/** Pieces of work that are kept at most; the oldest are dropped first. */
const most = 10_000;

/**
 * What this process goes on with although the broker has its message for later
 * (`Delivery.onOverdue`): when it comes again, it is not begun a second time. By an id of the piece
 * of work.
 */
export class InHand {
  readonly #fates = new Map<string, Promise<boolean>>();

  /** `reported`: whether its outcome was reported; `false` when it is to be tried again. */
  keep(id: string, reported: Promise<boolean>): void {
    this.#fates.delete(id);
    this.#fates.set(id, reported);
    const [oldest] = this.#fates.keys();
    if (this.#fates.size > most && oldest !== undefined) this.#fates.delete(oldest);
  }

  /** Returns `undefined` if it never was in hand, or was dropped. */
  find(id: string): Promise<boolean> | undefined {
    return this.#fates.get(id);
  }
}
