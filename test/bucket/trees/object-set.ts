import type { Body } from "../bodies/body.ts";

export type RowKind = "file" | "directory";
export type Order = "asc" | "desc";

/** A row of a listing. */
export interface Row {
  readonly name: string;
  readonly kind: RowKind;
  /** Bytes. For a directory any number: clients must ignore it. */
  readonly size: number;
  /** Unix seconds. */
  readonly modified: number;
  /** MIME type. */
  readonly type: string;
  /** The name as it is sent, if that is not the UTF-8 of `name`. */
  readonly raw?: Uint8Array;
}

/** A place in a listing: after this row, in the order asked for. */
export interface Position {
  readonly name: string;
  readonly kind: RowKind;
}

export interface StoredObject {
  readonly modified: number;
  readonly type: string;
  readonly body: Body;
}

/** The objects of a bucket. Keys have no leading slash; the root directory is `""`. */
export interface ObjectSet {
  /** Returns up to `limit` rows, one level deep, or `undefined` if there is no such directory. */
  list(
    directory: string,
    after: Position | undefined,
    limit: number,
    order: Order,
  ): readonly Row[] | undefined;
  object(key: string): StoredObject | undefined;
  isDirectory(key: string): boolean;
}

/** Rows are ordered by name (UTF-16 units), a file before a directory of the same name. */
export function comparePositions(a: Position, b: Position): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  if (a.kind === b.kind) return 0;
  return a.kind === "file" ? -1 : 1;
}

export function joinKey(directory: string, name: string): string {
  return directory === "" ? name : `${directory}/${name}`;
}

/** Directory and name of a key. */
export function splitKey(key: string): [directory: string, name: string] {
  const slash = key.lastIndexOf("/");
  return slash < 0 ? ["", key] : [key.slice(0, slash), key.slice(slash + 1)];
}
