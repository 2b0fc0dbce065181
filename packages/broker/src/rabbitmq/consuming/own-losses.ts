/** Messages that are kept at most; the oldest are dropped first. */
const most = 10_000;

/**
 * Deliveries that were lost with a channel of this process, by message id. The broker counts them
 * as if their consumer had died. When they come back to this process, they are subtracted.
 */
export class OwnLosses {
  readonly #times = new Map<unknown, number>();

  note(id: unknown): void {
    if (id === undefined) return;
    const times = this.of(id) + 1;
    this.#times.delete(id);
    this.#times.set(id, times);
    const [oldest] = this.#times.keys();
    if (this.#times.size > most) this.#times.delete(oldest);
  }

  of(id: unknown): number {
    return this.#times.get(id) ?? 0;
  }

  forget(id: unknown): void {
    this.#times.delete(id);
  }
}
