import { overLimit, pageLimits } from "./limits.ts";
import { SpoolFile } from "./spool-file.ts";
import type { StateFolder } from "./state-folder.ts";

/**
 * A long list. Its first `inMemory` items are in memory, the others as JSON in a file that no other
 * program sees.
 */
export class Spool<T> implements Disposable {
  readonly #folder: StateFolder;
  readonly #first: T[] = [];
  #file: SpoolFile | undefined;

  constructor(folder: StateFolder) {
    this.#folder = folder;
  }

  get length(): number {
    return this.#first.length + (this.#file?.length ?? 0);
  }

  /** Number of items in memory. */
  get held(): number {
    return this.#first.length;
  }

  /** Throws SourceError: there are too many, or no room is left for more. */
  push(one: T): void {
    if (this.#first.length < pageLimits.inMemory) {
      this.#first.push(one);
      return;
    }
    if (this.length >= pageLimits.entries)
      throw overLimit(`more than ${pageLimits.entries.toLocaleString("en")} entries`);
    this.#file ??= new SpoolFile(this.#folder);
    this.#file.push(JSON.stringify(one));
  }

  *[Symbol.iterator](): Generator<T, void, void> {
    yield* this.#first;
    for (const line of this.#file?.lines(0) ?? []) yield JSON.parse(line);
  }

  slice(from: number, to: number): T[] {
    const found = this.#first.slice(from, to);
    if (to <= this.#first.length || this.#file === undefined) return found;
    let at = Math.max(from, this.#first.length);
    for (const line of this.#file.lines(at - this.#first.length)) {
      if (at++ >= to) break;
      found.push(JSON.parse(line));
    }
    return found;
  }

  [Symbol.dispose](): void {
    this.#file?.[Symbol.dispose]();
  }
}
