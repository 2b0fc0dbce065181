import { type Body, heldBody } from "../bodies/body.ts";
import { computedBody } from "../bodies/computed-body.ts";
import { mediaType } from "../media-type.ts";
import { hashText } from "../random.ts";
import {
  comparePositions,
  joinKey,
  type ObjectSet,
  type Order,
  type Position,
  type Row,
  type StoredObject,
  splitKey,
} from "./object-set.ts";

/** An object given one by one. Without `bytes` they are computed from key and `size`. */
export interface ExplicitObject {
  readonly bytes?: Uint8Array;
  readonly size?: number;
  /** Unix seconds. */
  readonly modified?: number;
  readonly type?: string;
}

export interface ExplicitTree extends ObjectSet {
  put(key: string, object: Uint8Array | ExplicitObject): void;
  remove(key: string): boolean;
  has(key: string): boolean;
}

const defaultModified = 1_478_701_618;

/** Objects held in memory under any names, with the directories that their keys imply. */
export function explicitTree(
  objects: Iterable<readonly [string, Uint8Array | ExplicitObject]> = [],
  emptyDirectories: Iterable<string> = [],
): ExplicitTree {
  const stored = new Map<string, StoredObject>();
  /** Rows by `<kind>:<name>`, and the same in order after the first listing. */
  const directories = new Map<string, { rows: Map<string, Row>; sorted: Row[] | undefined }>();

  function directory(path: string): Map<string, Row> {
    const known = directories.get(path);
    if (known) {
      known.sorted = undefined;
      return known.rows;
    }
    const rows = new Map<string, Row>();
    directories.set(path, { rows, sorted: undefined });
    if (path !== "") {
      const [parent, name] = splitKey(path);
      const row = { name, kind: "directory", size: 4096, modified: defaultModified, type: "folder" } as const;
      directory(parent).set(`directory:${name}`, row);
    }
    return rows;
  }

  function put(key: string, given: Uint8Array | ExplicitObject): void {
    const object = given instanceof Uint8Array ? { bytes: given } : given;
    const { modified = defaultModified, type = mediaType(key) } = object;
    const [parent, name] = splitKey(key);
    const body = bodyOf(key, object);
    stored.set(key, { modified, type, body });
    directory(parent).set(`file:${name}`, { name, kind: "file", size: body.size, modified, type });
  }

  function sortedRows(path: string): readonly Row[] | undefined {
    const found = directories.get(path);
    if (!found) return undefined;
    found.sorted ??= [...found.rows.values()].sort(comparePositions);
    return found.sorted;
  }

  directory("");
  for (const path of emptyDirectories) directory(path);
  for (const [key, object] of objects) put(key, object);

  return {
    put,
    remove(key) {
      const [parent, name] = splitKey(key);
      directories.get(parent)?.rows.delete(`file:${name}`);
      const found = directories.get(parent);
      if (found) found.sorted = undefined;
      return stored.delete(key);
    },
    has: (key) => stored.has(key),
    object: (key) => stored.get(key),
    isDirectory: (key) => directories.has(key),
    list(path, after, limit, order) {
      const rows = sortedRows(path);
      return rows && pageOf(rows, after, limit, order);
    },
  };
}

/** A page out of rows in ascending order. */
export function pageOf(
  rows: readonly Row[],
  after: Position | undefined,
  limit: number,
  order: Order,
): readonly Row[] {
  if (order === "asc") {
    const start = after ? firstBeyond(rows, after) : 0;
    return rows.slice(start, start + limit);
  }
  let end = rows.length;
  if (after) {
    end = firstBeyond(rows, after);
    const last = rows[end - 1];
    if (last && comparePositions(last, after) === 0) end--;
  }
  return rows.slice(Math.max(0, end - limit), end).reverse();
}

function firstBeyond(rows: readonly Row[], position: Position): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = rows[middle];
    if (row && comparePositions(row, position) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function bodyOf(key: string, { bytes, size = 0 }: ExplicitObject): Body {
  return bytes ? heldBody(bytes) : computedBody(hashText(key), size);
}

/** The same objects under another directory. */
export function under<T>(directory: string, objects: Iterable<readonly [string, T]>): [string, T][] {
  return [...objects].map(([key, object]) => [joinKey(directory, key), object]);
}
