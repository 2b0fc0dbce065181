import { type ListedFile, refusal, type WalkPosition } from "@brigade/core";
import type { FailureFilter } from "../account.ts";
import { type Failures, type MissCursor, type MissRow, matches } from "../questions/failures.ts";
import { again, codes } from "../tables/outcome.ts";
import type { Relisting } from "./relisting.ts";
import type { Withdrawal } from "./withdrawal.ts";

/** A failed object as a message asks for it. */
export interface FailedObject {
  /** The page's id. */
  readonly page: string;
  readonly directory: string;
  readonly file: ListedFile;
}

/** What is to be published again, and where to go on. */
export interface TakenObjects {
  readonly objects: readonly FailedObject[];
  /** Directories to be listed again instead, where too little is known of what failed there. */
  readonly positions: readonly WalkPosition[];
  readonly next?: MissCursor;
}

/** Finds the failed objects of a job, and takes back that they failed. */
export class FailedObjects {
  readonly #failures: Failures;
  readonly #withdrawal: Withdrawal;
  readonly #relisting: Relisting;

  constructor(parts: { failures: Failures; withdrawal: Withdrawal; relisting: Relisting }) {
    this.#failures = parts.failures;
    this.#withdrawal = parts.withdrawal;
    this.#relisting = parts.relisting;
  }

  /** Gives what was taken before and not reported since once more: whoever took it may have died with it. */
  take(job: number, filter: FailureFilter, after?: MissCursor): TakenObjects {
    const { rows, next } = this.#failures.rows(job, (row) => canBeTaken(row) && matches(row, filter), after);
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
        // 0 bytes may mean that the listing told no size: then those that come decide.
        file: { index, name, ...(size > 0 && { size }), modified, ...(etag !== null && { etag }) },
      });
    }
    const positions = [...undated].map(([n, path]) => this.#relisting.anew(job, n, path));
    return { objects, positions, ...(next !== undefined && { next }) };
  }
}

/** An older program recorded bytes that were not UTF-8 as U+FFFD: it is not the object's name. */
function isUndecoded({ class: kind, name }: MissRow): boolean {
  return kind === "name" && name.includes("\ufffd");
}

/** A name that nobody can ask for fails for ever. A directory that is to be listed again is so once for all its objects. */
function canBeTaken({ outcome, name, modified }: MissRow): boolean {
  if (refusal(name) !== undefined) return false;
  return outcome === codes.failed || (outcome === again && modified !== null);
}
