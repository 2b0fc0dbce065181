/** Measures how long nothing has ended well, of all that is under way. */
export class Stillness {
  #underWay = 0;
  #since = 0;

  begin(): void {
    if (this.#underWay++ === 0) this.moved();
  }

  end(): void {
    this.#underWay--;
  }

  moved(): void {
    this.#since = performance.now();
  }

  /** Milliseconds; 0 if nothing is under way. */
  get ms(): number {
    return this.#underWay === 0 ? 0 : performance.now() - this.#since;
  }
}
