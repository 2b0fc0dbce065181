import type { Held } from "./held.ts";

/** The deliveries that a subscription handles, and which of them count against its prefetch. */
export class Places {
  readonly #prefetch: number;
  readonly #running = new Map<Held, Promise<void>>();
  /** Of those that run. */
  readonly #aside = new Set<Held>();
  /** Of those that run: the broker has them for later, and holds nothing for them any more. */
  readonly #handedOver = new Set<Held>();

  constructor(prefetch: number) {
    this.#prefetch = prefetch;
  }

  get hasRoom(): boolean {
    const taken = this.#running.size - this.#handedOver.size;
    return taken < this.#prefetch + Math.min(this.#prefetch, this.#aside.size);
  }

  /** How many stand aside. */
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

  /** False when it was before. */
  handOver(held: Held): boolean {
    if (this.#handedOver.has(held)) return false;
    this.#aside.delete(held);
    this.#handedOver.add(held);
    return true;
  }
}
