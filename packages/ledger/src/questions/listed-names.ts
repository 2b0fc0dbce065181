import { DatabaseSync, type StatementSync } from "../sqlite.ts";

const schema = `
create table directories (n integer primary key, path text not null unique) strict;
create table names (directory text not null, name text not null, primary key (directory, name)) strict, without rowid;
`;

/** Bytes of the file that are kept in memory. */
const cacheBytes = 16 * 2 ** 20;

/**
 * What a listing has met so far, in a database file of its own: directories that are still to be
 * listed, and the names in those that are being listed. So a bucket can be compared with the
 * catalogue with neither in memory. The file is of no use after the process.
 */
export class ListedNames implements Disposable {
  readonly #db: DatabaseSync;
  readonly #addDirectory: StatementSync;
  readonly #nextDirectory: StatementSync;
  readonly #findDirectory: StatementSync;
  readonly #addName: StatementSync;
  readonly #findName: StatementSync;
  readonly #drop: StatementSync;
  #last = 0;

  /** `path`: made, and must not be there. */
  constructor(path: string) {
    const db = new DatabaseSync(path);
    db.exec(`pragma journal_mode = off; pragma synchronous = off; pragma locking_mode = exclusive;
      pragma cache_size = -${cacheBytes / 1024}; ${schema}`);
    this.#db = db;
    this.#addDirectory = db.prepare("insert into directories (path) values (?) on conflict do nothing");
    this.#nextDirectory = db.prepare("select n, path from directories where n > ? order by n limit 1");
    this.#findDirectory = db.prepare("select 1 from directories where path = ?");
    this.#addName = db.prepare("insert into names values (?, ?) on conflict do nothing");
    this.#findName = db.prepare("select 1 from names where directory = ? and name = ?");
    this.#drop = db.prepare("delete from names where directory = ?");
  }

  /** Again changes nothing. */
  addDirectories(paths: readonly string[]): void {
    this.#together(() => {
      for (const path of paths) this.#addDirectory.run(path);
    });
  }

  /** Each directory once, in the order of adding. */
  nextDirectory(): string | undefined {
    const row = this.#nextDirectory.get(this.#last) as { n: number; path: string } | undefined;
    if (row !== undefined) this.#last = row.n;
    return row?.path;
  }

  hasDirectory(path: string): boolean {
    return this.#findDirectory.get(path) !== undefined;
  }

  /** In order: whether the name was not met before. */
  addNames(directory: string, names: readonly string[]): boolean[] {
    return this.#together(() => names.map((name) => this.#addName.run(directory, name).changes === 1));
  }

  hasName(directory: string, name: string): boolean {
    return this.#findName.get(directory, name) !== undefined;
  }

  /** The directory is done with. */
  dropNames(directory: string): void {
    this.#drop.run(directory);
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  #together<T>(change: () => T): T {
    this.#db.exec("begin");
    const made = change();
    this.#db.exec("commit");
    return made;
  }
}
