/** Messages that are remembered at most; the oldest are forgotten first. */
const most = 10_000;

/**
 * Deliveries that were lost with a channel while this process lives on. The broker counts them like those of a consumer
 * that died; when they come back here, nobody did. By message id.
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
