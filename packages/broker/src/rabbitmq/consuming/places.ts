import type { Held } from "./held.ts";

/** The deliveries that a subscription handles, and which of them count against its prefetch. */
export class Places {
  readonly #prefetch: number;
  readonly #running = new Map<Held, Promise<void>>();
  /** Those of the running that do not count: only slow work is left of them. */
  readonly #aside = new Set<Held>();
  /**
   * Those of the running that were published for later and acknowledged: they take no credit of the
   * broker.
   */
  readonly #handedOver = new Set<Held>();

  constructor(prefetch: number) {
    this.#prefetch = prefetch;
  }

  get hasRoom(): boolean {
    const taken = this.#running.size - this.#handedOver.size;
    return taken < this.#prefetch + Math.min(this.#prefetch, this.#aside.size);
  }

  /** The number of deliveries that stand aside. */
  get aside(): number {
    return this.#aside.size;
  }

  get deliveries(): readonly Held[] {
    return [...this.#running.keys()];
  }

  /** Resolves when all that run now are done. */
  async done(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  add(held: Held, run: Promise<void>): void {
    this.#running.set(held, run);
  }

  remove(held: Held): void {
    this.#running.delete(held);
    this.#aside.delete(held);
    this.#handedOver.delete(held);
  }

  standAside(held: Held): void {
    if (this.#running.has(held) && !this.#handedOver.has(held)) this.#aside.add(held);
  }

  /** Returns `false` if it was handed over before. */
  handOver(held: Held): boolean {
    if (this.#handedOver.has(held)) return false;
    this.#aside.delete(held);
    this.#handedOver.add(held);
    return true;
  }
}
