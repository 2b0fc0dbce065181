import type { WalkPosition } from "../messages/messages.ts";
import type { FileEntry } from "./source.ts";

/** What the lister asks of the ledger; answered from committed records. */
export interface PageHistory {
  /**
   * Whether a page (or a failure) is recorded for this position: a redelivered page need not be
   * published again.
   */
  recorded(position: {
    job: string;
    directory: string;
    walk: number;
    page: number;
  }): Promise<RecordedPage | undefined>;
  /**
   * Which of a directory's files are stored already and unchanged (size, modified, etag where both
   * have one); in order. `job` names the source and fingerprint to compare with.
   */
  unchanged(
    job: { source: string; fingerprint: string },
    directory: string,
    files: readonly FileEntry[],
  ): Promise<readonly boolean[]>;
}

export interface RecordedPage {
  readonly id: string;
  readonly end: "more" | "last" | "failed";
  /** With `more`: where the next page starts. */
  readonly next?: WalkPosition;
}
