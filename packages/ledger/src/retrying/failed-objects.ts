import type { ListedFile, WalkPosition } from "@brigade/core";
import { refusal } from "@brigade/core/thread";
import { matches, missesOf } from "../questions/failures.ts";
import type { MissCursor, Misses, MissRow } from "../tables/misses.ts";
import { again, codes } from "../tables/outcome.ts";
import type { FailureFilter } from "../wire/failures.ts";
import type { Relisting } from "./relisting.ts";
import type { Withdrawal } from "./withdrawal.ts";

/** A failed object, as the message has it that asks for it again. */
export interface FailedObject {
  /** The page's id. */
  readonly page: string;
  readonly directory: string;
  readonly file: ListedFile;
}

/** `failed`: those that failed. `reopened`: only those that were handed out before, and have no outcome. */
export type ReopenableObjects = "failed" | "reopened";

/** A chunk of what is to be published again, and where the next one begins. */
export interface ReopenedObjects {
  readonly objects: readonly FailedObject[];
  /** Directories to be listed again instead, if too little is known of what failed there. */
  readonly positions: readonly WalkPosition[];
  readonly next?: MissCursor;
}

/** Finds the failed objects of a job, and withdraws that they failed. */
export class FailedObjects {
  readonly #misses: Misses;
  readonly #withdrawal: Withdrawal;
  readonly #relisting: Relisting;

  constructor(misses: Misses, withdrawal: Withdrawal, relisting: Relisting) {
    this.#misses = misses;
    this.#withdrawal = withdrawal;
    this.#relisting = relisting;
  }

  /**
   * An object that was reopened before comes again until something is reported of it: the process
   * that asked for it may have died before it was published. `which`: `reopened`: only such objects.
   * `job`: its number.
   */
  reopen(
    job: number,
    filter: FailureFilter,
    after: MissCursor | undefined,
    which: ReopenableObjects,
  ): ReopenedObjects {
    const wanted = (row: MissRow) =>
      canBeReopened(row) && (which === "failed" || row.outcome === again) && matches(row, filter);
    const { rows, next } = missesOf(this.#misses, job, wanted, after);
    const objects: FailedObject[] = [];
    const undated = new Map<number, string>();
    for (const row of rows) {
      const { id: page, path: directory, idx: index, name, bytes: size, modified, etag } = row;
      if (modified === null || isUndecoded(row)) {
        undated.set(row.directory, directory);
        continue;
      }
      if (row.outcome === codes.failed) this.#withdrawal.object(job, page, index, size);
      objects.push({
        page,
        directory,
        // 0 bytes may mean that the listing had no size: then those that come decide.
        file: { index, name, ...(size > 0 && { size }), modified, ...(etag !== null && { etag }) },
      });
    }
    const positions = [...undated].map(([n, path]) => this.#relisting.anew(job, n, path));
    return { objects, positions, ...(next !== undefined && { next }) };
  }
}

/**
 * Whether an older program recorded bytes that were not UTF-8 as U+FFFD: then the name is not the
 * name of the object.
 */
function isUndecoded({ class: kind, name }: MissRow): boolean {
  return kind === "name" && name.includes("\ufffd");
}

/**
 * An object whose name cannot be asked for fails for ever. A directory that is to be listed again
 * is listed once for all its objects.
 */
function canBeReopened({ outcome, name, modified }: MissRow): boolean {
  if (refusal(name) !== undefined) return false;
  return outcome === codes.failed || (outcome === again && modified !== null);
}
