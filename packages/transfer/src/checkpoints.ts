/** Bytes that may be lost when the process is killed: when this number has come, they are saved. */
const most = 4 * 1024 * 1024;
/** Milliseconds from one saving to the next at least. */
const leastPause = 30;
/**
 * …and at least this many times what the last one took: saving is to cost a share of the disk's time,
 * not all of it.
 */
const idleShare = 1;
const longestPause = 1000;

/** When to save. Often, where it is cheap: what is saved need not be fetched again. */
export class Checkpoints {
  readonly #save: () => Promise<void>;
  readonly #onError: (error: unknown) => void;
  readonly #now: () => number;
  #unsaved = 0;
  #nextAt: number;
  #saving: Promise<void> | undefined;
  #error: unknown;
  #isLast = false;

  /** `onError` is called when a saving fails; `last` throws it too. */
  constructor(save: () => Promise<void>, onError: (error: unknown) => void, now: () => number) {
    this.#save = save;
    this.#onError = onError;
    this.#now = now;
    this.#nextAt = now() + leastPause;
  }

  /** So many bytes came. */
  came(bytes: number): void {
    this.#unsaved += bytes;
    this.#saveIfTime();
  }

  /** To be called now and then: bytes may stop to come. */
  tick(): void {
    this.#saveIfTime();
  }

  /** Saves what is left; nothing is saved after that. */
  async last(): Promise<void> {
    // Two at once would get in each other's way.
    this.#isLast = true;
    await this.#saving;
    // A disk reports lost data once: that the next saving succeeds proves nothing.
    if (this.#error !== undefined) throw this.#error;
    await this.#save();
  }

  #saveIfTime(): void {
    if (this.#isLast || this.#saving !== undefined || this.#unsaved === 0) return;
    const startedAt = this.#now();
    if (this.#unsaved < most && startedAt < this.#nextAt) return;
    this.#unsaved = 0;
    this.#saving = this.#save()
      .catch((error: unknown) => {
        this.#error = error;
        this.#onError(error);
      })
      .finally(() => {
        const took = this.#now() - startedAt;
        const pause = Math.min(longestPause, Math.max(leastPause, idleShare * took));
        this.#nextAt = this.#now() + pause;
        this.#saving = undefined;
      });
  }
}
