/**
 * What is wrong with a file:
 * - `missing`     no regular file lies in its place
 * - `size`, `md5` other bytes than were stored
 * - `unreadable`  the disk cannot give all of its bytes
 * - `extra`       no line of the manifest names it
 */
export type Problem = "missing" | "size" | "md5" | "unreadable" | "extra";

/** Where a disk is not as its manifest says. */
export interface Difference {
  readonly source: string;
  /** Absent when no object is meant: an extra file, or a folder that cannot be read. */
  readonly key?: string;
  /** Below `<volume>/<source>/`. */
  readonly path: string;
  readonly problem: Problem;
  /** Bytes on the disk, as stored. */
  readonly expected?: { readonly size: number; readonly md5: string };
  readonly found?: { readonly size: number; readonly md5?: string };
  /** In words, where the rest does not show it. */
  readonly reason?: string;
  /** Unix seconds. */
  readonly modified?: number;
  /** Bytes of the original, as listed. */
  readonly listedSize?: number;
  readonly etag?: string;
  /** Unix milliseconds: of the manifest's line that is untrue. */
  readonly storedAt?: number;
  /** Unix milliseconds: when it was seen. */
  readonly at: number;
}
