import type { DatabaseSync, StatementSync } from "../sqlite.ts";

/** Directories in memory, at most. Then all are dropped. */
const most = 20_000;

/** The directory (`""`: the root) and the name of a key. */
export function split(key: string): [directory: string, name: string] {
  const slash = key.lastIndexOf("/");
  return slash < 0 ? ["", key] : [key.slice(0, slash), key.slice(slash + 1)];
}

/**
 * Paths by number, and numbers by path. All jobs of one origin (source and fingerprint) share a
 * directory.
 */
export class Directories {
  readonly #select: StatementSync;
  readonly #insert: StatementSync;
  readonly #row: StatementSync;
  readonly #from: StatementSync;
  readonly #numbers = new Map<string, number>();
  readonly #origins = new Map<number, number>();

  constructor(db: DatabaseSync) {
    this.#select = db.prepare("select n from directories where origin = ? and path = ?");
    this.#insert = db.prepare("insert into directories (origin, path) values (?, ?)");
    this.#row = db.prepare("select origin, path from directories where n = ?");
    this.#from = db.prepare("select n, path from directories where origin = ? and path >= ? order by path");
  }

  find(origin: number, path: string): number | undefined {
    const key = `${origin} ${path}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const row = this.#select.get(origin, path) as { n: number } | undefined;
    if (row !== undefined) this.#remember(key, row.n, origin);
    return row?.n;
  }

  number(origin: number, path: string): number {
    const found = this.find(origin, path);
    if (found !== undefined) return found;
    const n = Number(this.#insert.run(origin, path).lastInsertRowid);
    this.#remember(`${origin} ${path}`, n, origin);
    return n;
  }

  path(n: number): string {
    return this.#get(n).path;
  }

  origin(n: number): number {
    return this.#origins.get(n) ?? this.#get(n).origin;
  }

  /** Of one origin, in the order of their paths, beginning with `path`. */
  from(origin: number, path: string): Iterable<{ n: number; path: string }> {
    return this.#from.iterate(origin, path) as Iterable<{ n: number; path: string }>;
  }

  /** After a rollback. */
  forget(): void {
    this.#numbers.clear();
    this.#origins.clear();
  }

  #get(n: number): { origin: number; path: string } {
    const row = this.#row.get(n) as { origin: number; path: string } | undefined;
    if (row === undefined) throw new Error(`no directory ${n}`);
    return row;
  }

  #remember(key: string, n: number, origin: number): void {
    if (this.#numbers.size >= most) this.forget();
    this.#numbers.set(key, n);
    this.#origins.set(n, origin);
  }
}
