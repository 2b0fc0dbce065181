import type { CommitListener } from "../catalogue/job-book.ts";
import type { ThreadCall } from "../catalogue/thread-call.ts";
import type { MissCursor } from "../tables/misses.ts";
import type { FailureFilter } from "../wire/failures.ts";
import type { TakenObjects } from "./failed-objects.ts";
import type { RelistingMode, TakenPositions } from "./relisting.ts";
import type { Taken } from "./reopening.ts";

/**
 * Hands out what failed or was lost, to be published again (see `retryJob`). Rejects with
 * JobOpenError while another job of the source is open, and with ConfigError when this one was
 * cancelled or pruned.
 */
export interface Retrying {
  /**
   * Hands out failed objects part by part. They have no outcome from then on, and the job is open.
   * What was handed out before is handed out again until something is reported of it.
   */
  takeFailed(job: string, filter: FailureFilter, after?: MissCursor): Promise<TakenObjects>;
  /**
   * Hands out positions to be listed again, each once; in mode `idle` all that are not recorded.
   */
  takeHoles(
    job: string,
    filter: Pick<FailureFilter, "under">,
    mode: RelistingMode,
    after?: number,
  ): Promise<TakenPositions>;
}

/** `tell`: what is handed out is not settled any more, as whoever follows the job is told. */
export function retrying(thread: ThreadCall, tell: CommitListener): Retrying {
  async function told<T>(asked: Promise<Taken<T>>): Promise<Taken<T>> {
    const taken = await asked;
    tell([taken.progress]);
    return taken;
  }
  return {
    takeFailed: (job, filter, after) => told(thread.ask("reopening", "takeFailed", job, filter, after)),
    takeHoles: (job, filter, mode, after) =>
      told(thread.ask("reopening", "takeHoles", job, filter, mode, after)),
  };
}
