import type { DatabaseSync } from "../disk/sqlite.ts";
import type { LostLine, ManifestLine } from "../manifest/manifest-line.ts";
import type { BadLine } from "../manifest/read-manifest.ts";
import { whyForeign } from "../names/object-path.ts";
import { openIndexStorage } from "./index-storage.ts";
import { type IndexedObject, type ObjectRow, objectOf } from "./indexed-object.ts";
import { type Range, Ranges } from "./ranges.ts";

/** Objects and their bytes. */
export interface Amount {
  readonly files: number;
  readonly bytes: number;
}

/** How far a segment of the manifest was read. */
export interface Position {
  /** From the segment's start. */
  readonly bytes: number;
  readonly lines: number;
}

/**
 * What lies on a volume by its manifest, and what of it was looked at: in a file, so that memory
 * does not grow with it, and an interrupted verification goes on. Objects are numbered in the order
 * of their lines; an object that is stored again gets a new number, and so is looked at again.
 * Nothing is safe before `commit`.
 */
export class ObjectIndex implements Disposable {
  readonly #db: DatabaseSync;
  readonly #statements: ReturnType<typeof prepareAll>;
  readonly #sources = new Map<string, number>();
  readonly #names = new Map<number, string>();
  #last: number;
  #hasLost: boolean;
  #live: Amount;
  #looked: Amount;
  #passed: Ranges;
  /** Where `next` goes on. */
  #cursor = 0;
  /** Handed out by `next`, not passed, and replaced meanwhile. */
  readonly #replaced = new Set<number>();

  constructor(path: string) {
    this.#db = openIndexStorage(path);
    this.#statements = prepareAll(this.#db);
    this.#db.exec("begin");
    for (const row of this.#db.prepare("select n, name from sources").all())
      this.#know(String(row.name), Number(row.n));
    this.#last = this.#state("last", 0);
    this.#live = this.#state("live", { files: 0, bytes: 0 });
    this.#looked = this.#state("looked", { files: 0, bytes: 0 });
    this.#passed = new Ranges(this.#state<Range[]>("passed", []));
    this.#hasLost = this.#db.prepare("select 1 from lost limit 1").get() !== undefined;
  }

  /** All objects. */
  get live(): Amount {
    return this.#live;
  }

  /** Objects that were looked at. */
  get looked(): Amount {
    return this.#looked;
  }

  /** Takes in a line. Returns why it cannot be brigade's own; `undefined` if it can. */
  enter(line: ManifestLine | LostLine): string | undefined {
    if ("lost" in line) {
      this.#forget(line);
      return undefined;
    }
    const why = whyForeign(line);
    if (why === undefined) this.#store(line);
    return why;
  }

  find(source: string, key: string): IndexedObject | undefined {
    const row = this.#row(source, key);
    return row && objectOf(row, source);
  }

  /** Returns `undefined` if the object was replaced or lost. */
  get(n: number): IndexedObject | undefined {
    const row = this.#statements.get.get(n) as ObjectRow | undefined;
    return row && objectOf(row, this.#names.get(row.source) ?? "");
  }

  get hasNext(): boolean {
    return this.#cursor < this.#last;
  }

  /**
   * Returns the next objects that were not looked at, and all the numbers that are done with them;
   * `undefined` if all were.
   */
  next(mostFiles: number, mostBytes: number): { objects: IndexedObject[]; range: Range } | undefined {
    while (this.hasNext) {
      const [first, last] = this.#passed.gapAfter(this.#cursor);
      const rows = this.#statements.range.all(first, last, mostFiles) as unknown as ObjectRow[];
      let bytes = 0;
      const cut = rows.findIndex((row) => {
        bytes += row.size;
        return bytes > mostBytes;
      });
      const chosen = cut > 0 ? rows.slice(0, cut) : cut === 0 ? rows.slice(0, 1) : rows;
      const end = chosen.at(-1)?.n;
      this.#cursor = end ?? Math.min(last, this.#last);
      if (end !== undefined) {
        return {
          objects: chosen.map((row) => objectOf(row, this.#names.get(row.source) ?? "")),
          range: [first, end],
        };
      }
      if (first <= this.#cursor) this.#passed.add([first, this.#cursor]);
    }
    return undefined;
  }

  /** These objects were looked at: all in this range that there are. */
  pass(objects: readonly IndexedObject[], range: Range): void {
    if (range[0] > range[1]) return;
    this.#passed.add(range);
    for (const { n, size } of objects) {
      if (!this.#replaced.delete(n)) this.#looked = plus(this.#looked, 1, size);
    }
  }

  addProblem(n: number): void {
    this.#statements.addProblem.run(n);
  }

  removeProblem(n: number): void {
    this.#statements.removeProblem.run(n);
  }

  /** Numbers, ascending; of earlier runs too. */
  problemsAfter(n: number, most: number): number[] {
    return this.#statements.problems.all(n, most).map((row) => Number(row.n));
  }

  positions(): Map<string, Position> {
    const rows = this.#db.prepare("select name, bytes, lines from segments").all();
    return new Map(
      rows.map(({ name, bytes, lines }) => [String(name), { bytes: Number(bytes), lines: Number(lines) }]),
    );
  }

  setPosition(segment: string, { bytes, lines }: Position): void {
    this.#statements.setPosition.run(segment, bytes, lines);
  }

  addBadLine({ segment, line, reason }: BadLine): void {
    this.#statements.addBadLine.run(segment, line, reason);
  }

  /** Of earlier runs too; numbered in the order in which they were read. */
  badLinesAfter(n: number, most: number): { n: number; bad: BadLine }[] {
    return this.#statements.badLines.all(n, most).map((row) => ({
      n: Number(row.n),
      bad: { segment: String(row.segment), line: Number(row.line), reason: String(row.reason) },
    }));
  }

  clearFolders(): void {
    this.#db.exec("delete from folders");
  }

  addFolder(source: string, path: string): void {
    this.#statements.addFolder.run(source, path);
  }

  /** The one added last, which is removed. */
  popFolder(): { source: string; path: string } | undefined {
    const row = this.#statements.popFolder.get();
    return row && { source: String(row.source), path: String(row.path) };
  }

  /** Makes safe what was done. */
  commit(): void {
    this.#setState("last", this.#last);
    this.#setState("live", this.#live);
    this.#setState("looked", this.#looked);
    this.#setState("passed", this.#passed.all);
    this.#db.exec("commit; begin");
  }

  /** What was not committed is dropped. */
  [Symbol.dispose](): void {
    this.#db.close();
  }

  #store(line: ManifestLine): void {
    const source = this.#sourceNumber(line.source);
    if (this.#hasLost) {
      const lost = this.#statements.lostAt.get(source, line.key);
      if (lost && Number(lost.at) >= line.storedAt) return;
    }
    if (this.#insert(source, line)) return;
    const before = this.#row(line.source, line.key);
    if (before && before.stored_at > line.storedAt) return;
    if (before) this.#remove(before);
    this.#insert(source, line);
  }

  #insert(source: number, line: ManifestLine): boolean {
    const { key, path, size, md5, modified, listedSize, etag, storedAt } = line;
    const n = this.#last + 1;
    const { changes } = this.#statements.insert.run(
      n,
      source,
      key,
      path === key ? null : (path ?? null),
      size,
      Buffer.from(md5, "hex"),
      modified,
      listedSize,
      etag ?? null,
      storedAt,
    );
    if (changes === 0) return false;
    this.#last = n;
    this.#live = plus(this.#live, 1, size);
    return true;
  }

  #forget({ source, key, at }: LostLine): void {
    this.#statements.lose.run(this.#sourceNumber(source), key, at);
    this.#hasLost = true;
    const row = this.#row(source, key);
    if (row && row.stored_at <= at) this.#remove(row);
  }

  #remove({ n, size }: ObjectRow): void {
    this.#statements.remove.run(n);
    this.#statements.removeProblem.run(n);
    this.#live = plus(this.#live, -1, -size);
    if (this.#passed.has(n)) this.#looked = plus(this.#looked, -1, -size);
    else if (n <= this.#cursor) this.#replaced.add(n);
  }

  #row(source: string, key: string): ObjectRow | undefined {
    const number = this.#sources.get(source);
    if (number === undefined) return undefined;
    return this.#statements.find.get(number, key) as ObjectRow | undefined;
  }

  #sourceNumber(name: string): number {
    return (
      this.#sources.get(name) ??
      this.#know(name, Number(this.#statements.addSource.run(name).lastInsertRowid))
    );
  }

  #know(name: string, n: number): number {
    this.#sources.set(name, n);
    this.#names.set(n, name);
    return n;
  }

  #state<T>(name: string, initial: T): T {
    const row = this.#statements.getState.get(name);
    return row === undefined ? initial : (JSON.parse(String(row.value)) as T);
  }

  #setState(name: string, value: unknown): void {
    this.#statements.setState.run(name, JSON.stringify(value));
  }
}

function plus({ files, bytes }: Amount, moreFiles: number, moreBytes: number): Amount {
  return { files: files + moreFiles, bytes: bytes + moreBytes };
}

function prepareAll(db: DatabaseSync) {
  return {
    getState: db.prepare("select value from state where name = ?"),
    setState: db.prepare("insert or replace into state values (?, ?)"),
    addSource: db.prepare("insert into sources (name) values (?)"),
    insert: db.prepare(
      "insert into objects values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (source, key) do nothing",
    ),
    get: db.prepare("select * from objects where n = ?"),
    find: db.prepare("select * from objects where source = ? and key = ?"),
    range: db.prepare("select * from objects where n between ? and ? order by n limit ?"),
    remove: db.prepare("delete from objects where n = ?"),
    lostAt: db.prepare("select at from lost where source = ? and key = ?"),
    lose: db.prepare("insert into lost values (?, ?, ?) on conflict do update set at = max(at, excluded.at)"),
    addProblem: db.prepare("insert or ignore into problems values (?)"),
    problems: db.prepare("select n from problems where n > ? order by n limit ?"),
    removeProblem: db.prepare("delete from problems where n = ?"),
    setPosition: db.prepare("insert or replace into segments values (?, ?, ?)"),
    addBadLine: db.prepare("insert into bad_lines (segment, line, reason) values (?, ?, ?)"),
    badLines: db.prepare("select * from bad_lines where n > ? order by n limit ?"),
    addFolder: db.prepare("insert into folders (source, path) values (?, ?)"),
    popFolder: db.prepare("delete from folders where n = (select max(n) from folders) returning *"),
  };
}
