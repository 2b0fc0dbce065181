/** What a source does otherwise than it was told to, for the log: a line for each, once. */
export class Notices {
  /** Called with the line. */
  onNotice: (line: string) => void = () => {};
  readonly #told = new Set<string>();

  /** `line`: one of a few, not one for each object. */
  once(line: string): void {
    if (this.#told.has(line)) return;
    this.#told.add(line);
    this.onNotice(line);
  }
}
