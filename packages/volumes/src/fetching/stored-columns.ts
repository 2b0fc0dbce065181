import type { Came } from "./fetcher.ts";

/** Objects of one command that were stored, in columns: that travels at a third of the cost. */
export interface StoredColumns {
  readonly id: number;
  readonly at: number[];
  readonly size: number[];
  readonly md5: string[];
  readonly verified: boolean[];
  readonly path: (string | undefined)[];
  readonly storedAt: number[];
}

/** Returns what came of each object, in the order of the columns. */
export function rowsOf({ at, size, md5, verified, path, storedAt }: StoredColumns): Came[] {
  return at.map((place, row) => {
    const below = path[row];
    return {
      at: place,
      stored: {
        size: size[row] ?? 0,
        md5: md5[row] ?? "",
        verified: verified[row] === true,
        ...(below !== undefined && { path: below }),
        storedAt: storedAt[row] ?? 0,
      },
    };
  });
}
