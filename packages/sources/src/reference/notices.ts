/** Deviations of a source from its settings, for the log: one line for each, once. */
export class Notices {
  /** Called with the line. */
  onNotice: (line: string) => void = () => {};
  readonly #reported = new Set<string>();

  /** `line`: one of a few, not one per object. */
  once(line: string): void {
    if (this.#reported.has(line)) return;
    this.#reported.add(line);
    this.onNotice(line);
  }
}
