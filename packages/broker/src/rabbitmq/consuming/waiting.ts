import type { Held } from "./held.ts";

/** Deliveries that have been received and wait for a place, the oldest first. */
export class Waiting {
  #held: Held[] = [];

  add(held: Held): void {
    this.#held.push(held);
    held.wait(true);
  }

  /** The one that has waited longest; `undefined` if none waits. */
  get first(): Held | undefined {
    return this.#held[0];
  }

  removeFirst(): void {
    this.#held.shift()?.wait(false);
  }

  [Symbol.iterator](): Iterator<Held> {
    return this.#held.values();
  }

  /** Removes those of which `isGone` is true. Returns them. */
  remove(isGone: (held: Held) => boolean): readonly Held[] {
    const gone = this.#held.filter(isGone);
    if (gone.length > 0) this.#held = this.#held.filter((held) => !gone.includes(held));
    for (const held of gone) held.wait(false);
    return gone;
  }
}
