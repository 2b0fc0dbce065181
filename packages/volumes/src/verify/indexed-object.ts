import type { ExpectedFile, Finding } from "./check-file.ts";
import type { Difference } from "./difference.ts";

/** An object that ought to lie on the volume. */
export interface IndexedObject extends ExpectedFile {
  readonly n: number;
  readonly key: string;
  /** Unix seconds. */
  readonly modified: number;
  readonly listedSize: number;
  readonly etag: string | undefined;
  /** Unix milliseconds. */
  readonly storedAt: number;
}

/** A row of the index's `objects`. */
export interface ObjectRow {
  readonly n: number;
  readonly source: number;
  readonly key: string;
  readonly path: string | null;
  readonly size: number;
  readonly md5: Uint8Array;
  readonly modified: number;
  readonly listed_size: number;
  readonly etag: string | null;
  readonly stored_at: number;
}

export function objectOf(row: ObjectRow, source: string): IndexedObject {
  const { n, key, path, size, md5, modified, listed_size, etag, stored_at } = row;
  return {
    n,
    source,
    key,
    path: path ?? key,
    size,
    md5: Buffer.from(md5.buffer, md5.byteOffset, md5.length).toString("hex"),
    modified,
    listedSize: listed_size,
    etag: etag ?? undefined,
    storedAt: stored_at,
  };
}

/** `at`: Unix milliseconds. */
export function differenceOf(object: IndexedObject, finding: Finding, at: number): Difference {
  const { source, key, path, size, md5, modified, listedSize, etag, storedAt } = object;
  const { problem, found, reason } = finding;
  return {
    source,
    key,
    path,
    problem,
    expected: { size, md5 },
    ...(found !== undefined && { found }),
    ...(reason !== undefined && { reason }),
    modified,
    listedSize,
    ...(etag !== undefined && { etag }),
    storedAt,
    at,
  };
}
