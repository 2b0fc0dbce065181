import { mostBytesInHand } from "../../in-hand.ts";
import type { Held } from "./held.ts";

/** The deliveries that a subscription handles, and which of them count against its prefetch. */
export class Places {
  /** How many of the running may count. */
  prefetch: number;
  readonly #running = new Map<Held, Promise<void>>();
  /** Those of the running that do not count: only slow work is left of them. */
  readonly #aside = new Set<Held>();
  /**
   * Those of the running that were published for later and acknowledged: they take no credit of the
   * broker.
   */
  readonly #handedOver = new Set<Held>();
  /** The size of the bodies that count. */
  #bytes = 0;

  constructor(prefetch: number) {
    this.prefetch = prefetch;
  }

  /**
   * `bytes`: the size of the next delivery's body. If none counts now, there is room for any size.
   */
  hasRoom(bytes: number): boolean {
    const counted = this.#running.size - this.#handedOver.size;
    if (counted >= this.prefetch + Math.min(this.prefetch, this.#aside.size)) return false;
    return counted === this.#aside.size || this.#bytes + bytes <= mostBytesInHand;
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
    this.#bytes += held.body.length;
  }

  remove(held: Held): void {
    this.#uncount(held);
    this.#running.delete(held);
    this.#aside.delete(held);
    this.#handedOver.delete(held);
  }

  standAside(held: Held): void {
    if (!this.#running.has(held) || this.#handedOver.has(held)) return;
    this.#uncount(held);
    this.#aside.add(held);
  }

  /** Returns `false` if it was handed over before. */
  handOver(held: Held): boolean {
    if (this.#handedOver.has(held)) return false;
    this.#uncount(held);
    this.#aside.delete(held);
    this.#handedOver.add(held);
    return true;
  }

  #uncount(held: Held): void {
    const counts = this.#running.has(held) && !this.#aside.has(held) && !this.#handedOver.has(held);
    if (counts) this.#bytes -= held.body.length;
  }
}
