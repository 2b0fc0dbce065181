/** Speed over the last seconds, so that it shows what happens now. */
export class Rate {
  readonly #windowMs: number;
  readonly #samples: { at: number; value: number }[] = [];

  constructor(windowMs = 10_000) {
    this.#windowMs = windowMs;
  }

  /** Notes the total so far, at a time in milliseconds. Returns the speed per second. */
  add(value: number, at: number): number {
    this.#samples.push({ at, value });
    while (this.#samples.length > 2 && (this.#samples[1]?.at ?? at) <= at - this.#windowMs)
      this.#samples.shift();
    const first = this.#samples[0];
    if (first === undefined || at === first.at) return 0;
    return Math.max(0, ((value - first.value) * 1000) / (at - first.at));
  }
}
