import type { FileEntry, Job, Log, PageHistory, RecordedPage } from "@brigade/core";

/** The history cannot answer now. */
export class HistoryAway extends Error {
  override readonly name = "HistoryAway";
  /** Milliseconds after which to ask again. */
  readonly waitMs: number;

  constructor(waitMs: number, options: { cause: unknown }) {
    super("the history is away", options);
    this.waitMs = waitMs;
  }
}

export interface HistorianOptions {
  readonly isAway: ((error: unknown) => boolean) | undefined;
  readonly log: Log;
  readonly now: () => number;
}

/**
 * Asks the history. Logs once when it stops answering, and once when it answers again. Throws
 * HistoryAway meanwhile.
 */
export class Historian {
  readonly #history: PageHistory;
  readonly #options: HistorianOptions;
  #awaySince: number | undefined;

  constructor(history: PageHistory, options: HistorianOptions) {
    this.#history = history;
    this.#options = options;
  }

  get isAway(): boolean {
    return this.#awaySince !== undefined;
  }

  recorded(position: Parameters<PageHistory["recorded"]>[0]): Promise<RecordedPage | undefined> {
    return this.#ask(() => this.#history.recorded(position));
  }

  /**
   * Returns what decides which files of a directory are unchanged. In a first job none is, and nobody
   * is asked.
   */
  unchangedOf(job: Job): (directory: string, files: readonly FileEntry[]) => Promise<readonly boolean[]> {
    if (job.first === true) return async (_directory, files) => files.map(() => false);
    return (directory, files) => this.#ask(() => this.#history.unchanged(job, directory, files));
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    const { isAway, log, now } = this.#options;
    try {
      const answer = await question();
      if (this.#awaySince !== undefined) {
        log.info({ awayMs: now() - this.#awaySince }, "the ledger answers again");
        this.#awaySince = undefined;
      }
      return answer;
    } catch (error) {
      if (isAway?.(error) !== true) throw error;
      if (this.#awaySince === undefined) {
        this.#awaySince = now();
        const reason = error instanceof Error ? error.message : String(error);
        log.warn({ reason }, "the ledger does not answer: pages that need its word wait");
      }
      const waitMs = Math.min(10_000, Math.max(1_000, now() - this.#awaySince));
      throw new HistoryAway(waitMs, { cause: error });
    }
  }
}
