import { closeSync, fsyncSync } from "node:fs";

/** Files that wait open for their fsync at most, where the process may have as many. */
const usualMost = 512;

/**
 * Files that stay open until they are synced, where each is synced by itself: an error is reported
 * surely only to a descriptor that was open when it happened. Bounded: the writing of more waits.
 */
export class OpenFiles {
  readonly #keep: boolean;
  #most: number;
  #count = 0;
  #held: (() => void)[] = [];

  /**
   * `keep`: whether files are synced one by one; otherwise they are closed at once and nothing
   * waits. `most`: files that wait at once.
   */
  constructor(keep: boolean, most = usualMost) {
    this.#keep = keep;
    this.#most = most;
  }

  get holds(): boolean {
    return this.#held.length > 0;
  }

  /** Whether one more file may be written now. Otherwise it is to be held. */
  get hasPlace(): boolean {
    return this.#count < this.#most && this.#held.length === 0;
  }

  /** Runs `write`, which will add one file, as soon as fewer wait. */
  hold(write: () => void): void {
    this.#held.push(write);
  }

  /**
   * Takes a written file. Returns the descriptor if it is to be synced later; a file beyond the
   * bound is synced and closed at once.
   */
  add(descriptor: number): number | undefined {
    if (this.#keep && this.#count < this.#most) {
      this.#count += 1;
      return descriptor;
    }
    try {
      if (this.#keep) fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    return undefined;
  }

  /**
   * Keeps half as many as now from here on. Returns `false` if none is kept: then others have the
   * descriptors.
   */
  lower(): boolean {
    if (this.#count === 0) return false;
    this.#most = Math.max(1, Math.floor(this.#count / 2));
    return true;
  }

  /** To be called when this many were synced and closed. */
  synced(count: number): void {
    this.#count -= count;
  }

  /** Runs what was held, as far as the bound allows; with `all`, everything. */
  writeHeld(all: boolean): void {
    // One that fails makes no space and takes none: the next has its turn at once.
    while (this.#held.length > 0 && (all || this.#count < this.#most)) this.#held.shift()?.();
  }
}
