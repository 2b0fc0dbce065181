import type { DatabaseSync, StatementSync } from "./sqlite.ts";

/** Remembered at most; then all are forgotten. */
const most = 20_000;

/** Paths to numbers and back. A directory is one in all jobs of the same origin (source and fingerprint). */
export class Directories {
  readonly #select: StatementSync;
  readonly #insert: StatementSync;
  readonly #path: StatementSync;
  readonly #numbers = new Map<string, number>();

  constructor(db: DatabaseSync) {
    this.#select = db.prepare("select n from directories where origin = ? and path = ?");
    this.#insert = db.prepare("insert into directories (origin, path) values (?, ?)");
    this.#path = db.prepare("select path from directories where n = ?");
  }

  find(origin: number, path: string): number | undefined {
    const key = `${origin} ${path}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const row = this.#select.get(origin, path) as { n: number } | undefined;
    if (row !== undefined) this.#remember(key, row.n);
    return row?.n;
  }

  number(origin: number, path: string): number {
    const found = this.find(origin, path);
    if (found !== undefined) return found;
    const n = Number(this.#insert.run(origin, path).lastInsertRowid);
    this.#remember(`${origin} ${path}`, n);
    return n;
  }

  path(n: number): string {
    const row = this.#path.get(n) as { path: string } | undefined;
    if (row === undefined) throw new Error(`no directory ${n}`);
    return row.path;
  }

  /** After a rollback. */
  forget(): void {
    this.#numbers.clear();
  }

  #remember(key: string, n: number): void {
    if (this.#numbers.size >= most) this.#numbers.clear();
    this.#numbers.set(key, n);
  }
}
