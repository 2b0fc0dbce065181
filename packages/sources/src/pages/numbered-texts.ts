/**
 * Texts with a number each, in memory that is allocated at once: 24 bytes per text. A text is
 * identified by 64 bits: two of a million are confused once in thirty million pages.
 */
export class NumberedTexts {
  readonly #mask: number;
  readonly #keys: Uint32Array;
  readonly #values: Uint32Array;

  /** `most`: texts. */
  constructor(most: number) {
    const places = 2 ** Math.ceil(Math.log2(Math.max(8, most * 2)));
    this.#mask = places - 1;
    this.#keys = new Uint32Array(places * 2);
    this.#values = new Uint32Array(places);
  }

  /** Returns its number, which is above 0; `undefined` for a new text. */
  get(text: string): number | undefined {
    return this.#values[this.#placeOf(text)] || undefined;
  }

  /** `value`: above 0. */
  set(text: string, value: number): void {
    this.#values[this.#placeOf(text)] = value;
  }

  /** Returns the place of the text, and writes its key there. */
  #placeOf(text: string): number {
    let one = 0xdeadbeef;
    let other = 0x41c6ce57;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      one = Math.imul(one ^ code, 0x9e3779b1);
      other = Math.imul(other ^ code, 0x5f356495);
    }
    one = Math.imul(one ^ (one >>> 16), 0x85ebca6b) ^ Math.imul(other ^ (other >>> 13), 0xc2b2ae35);
    other = Math.imul(other ^ (other >>> 16), 0x85ebca6b) ^ Math.imul(one ^ (one >>> 13), 0xc2b2ae35);
    let place = one & this.#mask;
    while (
      this.#values[place] !== 0 &&
      (this.#keys[place * 2] !== one >>> 0 || this.#keys[place * 2 + 1] !== other >>> 0)
    )
      place = (place + 1) & this.#mask;
    this.#keys[place * 2] = one;
    this.#keys[place * 2 + 1] = other;
    return place;
  }
}
