import type { ReopenableObjects, ReopenedObjects } from "../retrying/failed-objects.ts";
import type { RelistingMode, ReopenedPositions } from "../retrying/relisting.ts";
import type { Reopened } from "../retrying/reopening.ts";
import type { MissCursor } from "../tables/misses.ts";
import type { FailureFilter } from "../wire/failures.ts";
import type { CommitListener } from "./job-book.ts";
import type { ThreadCall } from "./thread-call.ts";

/**
 * Hands out what failed or was lost, to be published again (see `retryJob`). Rejects with
 * JobOpenError while another job of the source is open, and with ConfigError when this one was
 * cancelled or pruned.
 */
export interface Retrying {
  /**
   * Hands out failed objects part by part. They have no outcome from then on, and the job is open.
   * What was handed out before is handed out again until something is reported of it; with
   * `reopened` only that.
   */
  reopenFailed(
    job: string,
    filter: FailureFilter,
    after?: MissCursor,
    which?: ReopenableObjects,
  ): Promise<ReopenedObjects>;
  /**
   * Hands out positions to be listed again, each once; in the modes `lost` and `idle` all that are
   * not recorded.
   */
  reopenHoles(
    job: string,
    filter: Pick<FailureFilter, "under">,
    mode: RelistingMode,
    after?: number,
  ): Promise<ReopenedPositions>;
}

/**
 * `notify`: called with where the job stands, since objects that are handed out have no outcome any more.
 */
export function retrying(thread: ThreadCall, notify: CommitListener): Retrying {
  async function notifying<T>(asked: Promise<Reopened<T>>): Promise<Reopened<T>> {
    const reopened = await asked;
    notify([reopened.progress]);
    return reopened;
  }
  return {
    reopenFailed: (job, filter, after, which) =>
      notifying(thread.ask("reopening", "reopenFailed", job, filter, after, which)),
    reopenHoles: (job, filter, mode, after) =>
      notifying(thread.ask("reopening", "reopenHoles", job, filter, mode, after)),
  };
}
