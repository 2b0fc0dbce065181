/** Deviations of a source from its settings, for the log: one line for each, once. */
export class Notices {
  /** Called with the line. */
  onNotice: (line: string) => void = () => {};
  readonly #told = new Set<string>();

  /** `line`: one of a few, not one per object. */
  once(line: string): void {
    if (this.#told.has(line)) return;
    this.#told.add(line);
    this.onNotice(line);
  }
}
