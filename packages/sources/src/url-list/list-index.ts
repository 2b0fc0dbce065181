import { createHash } from "node:crypto";
import { closeSync, lstatSync, openSync } from "node:fs";
import type { Cursor, FileEntry, ObjectKey, Page } from "@brigade/core";
import { databaseError, FatalError, isSameFile, SourceError } from "@brigade/core";
import type { ListLine } from "./list-line.ts";
import { DatabaseSync, type StatementSync } from "./sqlite.ts";

/** Raised when the tables change: an index of another version is built anew. */
const version = 2;

const schema = `
  create table about (version integer not null, origin text not null, hosts integer not null);
  create table directories (n integer primary key, parent integer not null, name text not null, unique (parent, name));
  create table entries (directory integer not null, name text not null, line integer not null, url text, size integer, md5 text,
    problem text, primary key (directory, name)) without rowid;
`;

/** The row of an object; `problem`: why its line names nothing that can be fetched. */
export interface IndexedObject {
  readonly line: number;
  readonly url: string | null;
  readonly size: number | null;
  readonly md5: string | null;
  readonly problem: string | null;
}

/**
 * The MD5 in the list, else a mark of this URL: if it differs in a later list, the object has
 * changed.
 */
export function etagOf({ md5, url }: Pick<IndexedObject, "md5" | "url">): string {
  return (
    md5 ??
    `url:${createHash("sha256")
      .update((url ?? "").replace(/\?.*$/, ""))
      .digest("base64url")
      .slice(0, 16)}`
  );
}

/** For messages. */
export const ifDamaged = "remove it, and the list is read again";

/** Files that SQLite would read besides an index. Indexes of brigade never have any. */
const besides = ["-wal", "-shm", "-journal"];

/**
 * Opens an index in a folder where others may have put a link, before or meanwhile. Throws an Error
 * unless the opened file is the file that was checked.
 */
function openOwn(path: string, options: { readonly readOnly?: boolean }): DatabaseSync {
  const look = (end = "") => lstatSync(path + end, { throwIfNoEntry: false });
  const before = look();
  if (before?.isFile() !== true || besides.some((end) => look(end) !== undefined))
    throw new Error(`${path} is not a list's index, or another file lies beside it: remove both`);
  const db = new DatabaseSync(path, options);
  if (isSameFile(before, look())) return db;
  db.close();
  throw new Error(`${path} became another file while it was opened: run the command again`);
}

/** Number of directories that are kept while a list is read. */
const mostRemembered = 20_000;
const root = 1;
/** More hosts than this are not counted. */
const mostHosts = 3;

/**
 * The objects of a list by their directories, on disk: what can be listed page by page, and found
 * by key.
 */
export class ListIndex implements Disposable {
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #child: StatementSync;
  readonly #children: StatementSync;
  readonly #files: StatementSync;
  readonly #entry: StatementSync;

  constructor(path: string) {
    this.#path = path;
    this.#db = openOwn(path, { readOnly: true });
    this.#child = this.#db.prepare("select n from directories where parent = ? and name = ?");
    this.#children = this.#db.prepare(
      "select name from directories where parent = ? and name > ? order by name limit ?",
    );
    this.#files = this.#db.prepare(
      "select name, url, size, md5, problem from entries where directory = ? and name > ? order by name limit ?",
    );
    this.#entry = this.#db.prepare(
      "select line, url, size, md5, problem from entries where directory = ? and name = ?",
    );
  }

  /** The origin of this index; `undefined` if it cannot be used. */
  get origin(): string | undefined {
    const row = this.#db.prepare("select version, origin from about").get() as
      | { version: number; origin: string }
      | undefined;
    return row?.version === version ? row.origin : undefined;
  }

  /** Number of hosts in its URLs; three means three or more. */
  get hosts(): number {
    return Number(this.#db.prepare("select hosts from about").get()?.hosts);
  }

  /** Throws FatalError if the index cannot be read any more. */
  find(key: ObjectKey): IndexedObject | undefined {
    return this.#read(() => this.#find(key));
  }

  /**
   * Returns directories first, then files, each by name; a cursor is the last returned name. Throws
   * SourceError; FatalError likewise.
   */
  page(path: string, cursor: Cursor | undefined, size: number): Page {
    return this.#read(() => this.#page(path, cursor, size));
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  #read<T>(step: () => T): T {
    try {
      return step();
    } catch (error) {
      const known = databaseError(error, { what: "the index of the list", path: this.#path, ifDamaged });
      throw known === undefined ? error : new FatalError(known.message, { cause: error });
    }
  }

  #find(key: ObjectKey): IndexedObject | undefined {
    const slash = key.lastIndexOf("/");
    const directory = this.#directory(key.slice(0, Math.max(slash, 0)));
    if (directory === undefined) return undefined;
    return this.#entry.get(directory, key.slice(slash + 1)) as IndexedObject | undefined;
  }

  #page(path: string, cursor: Cursor | undefined, size: number): Page {
    const directory = this.#directory(path);
    if (directory === undefined) throw new SourceError("missing", `the list has no directory "${path}"`);
    const [, kind = "d", after = ""] = /^([df])\/(.*)$/s.exec(cursor ?? "d/") ?? [];
    const directories =
      kind === "d"
        ? (this.#children.all(directory, after, size) as { name: string }[]).map(({ name }) => name)
        : [];
    const room = size - directories.length;
    if (room === 0) return { directories, files: [], next: `d/${directories.at(-1)}` };
    const found = this.#files.all(directory, kind === "f" ? after : "", room);
    const rows = found as unknown as (Omit<IndexedObject, "line"> & { readonly name: string })[];
    const files = rows.map((row): FileEntry => {
      const { name, size, problem } = row;
      if (problem !== null) return { name, problem };
      return { name, ...(size !== null && { size }), etag: etagOf(row) };
    });
    return { directories, files, next: rows.length < room ? undefined : `f/${rows.at(-1)?.name}` };
  }

  #directory(path: string): number | undefined {
    let n: number | undefined = root;
    for (const name of path === "" ? [] : path.split("/")) {
      n = (this.#child.get(n, name) as { n: number } | undefined)?.n;
      if (n === undefined) return undefined;
    }
    return n;
  }
}

/**
 * Writes a new index. It cannot be used before `finish`: a process that dies before leaves a file
 * that is overwritten.
 */
export class ListIndexWriter implements Disposable {
  readonly path: string;
  readonly #db: DatabaseSync;
  readonly #directory: StatementSync;
  readonly #newDirectory: StatementSync;
  readonly #insert: StatementSync;
  readonly #find: StatementSync;
  #remembered = new Map<string, number>();
  readonly #origins = new Set<string>();

  constructor(path: string) {
    this.path = path;
    // There may be passwords in it.
    closeSync(openSync(path, "wx", 0o600));
    this.#db = openOwn(path, {});
    // Keys come in any order: up to 32 MiB of their tree are in memory.
    this.#db.exec(
      "pragma journal_mode = off; pragma synchronous = off; pragma locking_mode = exclusive; pragma cache_size = -32768",
    );
    this.#db.exec(schema);
    this.#db.exec(`insert into directories (n, parent, name) values (${root}, 0, ''); begin`);
    this.#directory = this.#db.prepare("select n from directories where parent = ? and name = ?");
    this.#newDirectory = this.#db.prepare("insert into directories (parent, name) values (?, ?)");
    this.#insert = this.#db.prepare(
      "insert into entries values (?, ?, ?, ?, ?, ?, ?) on conflict do nothing",
    );
    this.#find = this.#db.prepare("select line, url from entries where directory = ? and name = ?");
  }

  /**
   * Returns the number of an earlier line that has this key with another URL; then nothing is
   * entered.
   */
  add(line: number, { key, url, size, md5 }: ListLine): number | undefined {
    const slash = key.lastIndexOf("/");
    const directory = this.#number(key.slice(0, Math.max(slash, 0)));
    const name = key.slice(slash + 1);
    const { changes } = this.#insert.run(directory, name, line, url, size ?? null, md5 ?? null, null);
    if (changes === 1) {
      this.#noteHost(url);
      return undefined;
    }
    const earlier = this.#find.get(directory, name) as { line: number; url: string | null };
    return earlier.url === url ? undefined : earlier.line;
  }

  /** A line that names nothing: an object of the root that will fail. */
  addProblem(line: number, name: string, problem: string): void {
    this.#insert.run(root, name, line, null, null, null, problem);
  }

  /** `origin`: the state of the list. */
  finish(origin: string): void {
    this.#db.prepare("insert into about values (?, ?, ?)").run(version, origin, this.#origins.size);
    this.#db.exec("commit");
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  #noteHost(url: string): void {
    if (this.#origins.size >= mostHosts) return;
    for (const origin of this.#origins) if (url.startsWith(`${origin}/`)) return;
    this.#origins.add(new URL(url).origin);
  }

  #number(path: string): number {
    if (path === "") return root;
    const known = this.#remembered.get(path);
    if (known !== undefined) return known;
    const slash = path.lastIndexOf("/");
    const parent = this.#number(path.slice(0, Math.max(slash, 0)));
    const name = path.slice(slash + 1);
    const found = this.#directory.get(parent, name) as { n: number } | undefined;
    const n = found?.n ?? Number(this.#newDirectory.run(parent, name).lastInsertRowid);
    if (this.#remembered.size >= mostRemembered) this.#remembered = new Map();
    this.#remembered.set(path, n);
    return n;
  }
}
