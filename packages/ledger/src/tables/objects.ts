import type { FileEntry } from "@brigade/core";
import { join } from "@brigade/core/thread";
import type { DatabaseSync, StatementSync } from "../sqlite.ts";
import type { Comparison } from "../wire/history.ts";
import type { Directories } from "./directories.ts";
import type { Holdings } from "./holdings.ts";
import {
  bytesOnDisk,
  isBefore,
  isSame,
  md5Of,
  type ReportedObject,
  type State,
  stateColumns,
  stateOf,
  statePlaces,
  valuesOf,
} from "./state.ts";
import type { Volumes } from "./volumes.ts";

/** Where the last stored state of an object lies. */
export interface StoredPlace {
  /** The volume's id. */
  readonly volume: string;
  /** Below `<volume>/<source>/`. */
  readonly path: string;
  /** Bytes on disk. */
  readonly size: number;
  /** 32 lower-case hex digits, if it was reported. */
  readonly md5?: string;
}

type Lying = Pick<State, "size" | "bytes">;
type Found = Omit<State, "at" | "verified">;

/**
 * The last stored state of every object. Objects that lie nowhere any more are in the table `lost`.
 * Other states of an object, at most one per volume, are in the table `copies`; only objects with a
 * last stored state have copies. `holdings` follows all changes.
 */
export class Objects {
  readonly #directories: Directories;
  readonly #holdings: Holdings;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #replace: StatementSync;
  readonly #delete: StatementSync;
  readonly #copyAt: StatementSync;
  readonly #bestCopy: StatementSync;
  readonly #putCopy: StatementSync;
  readonly #dropCopy: StatementSync;
  readonly #find: StatementSync;
  readonly #lose: StatementSync;
  readonly #found: StatementSync;
  #hasLost: boolean;

  constructor(db: DatabaseSync, directories: Directories, holdings: Holdings) {
    this.#directories = directories;
    this.#holdings = holdings;
    const one = "objects where directory = ? and name = ?";
    const insert = (table: string) =>
      `into ${table} (directory, name, ${stateColumns}) values (?, ?, ${statePlaces})`;
    this.#insert = db.prepare(`insert ${insert("objects")} on conflict do nothing`);
    this.#select = db.prepare(`select ${stateColumns} from ${one}`);
    this.#replace = db.prepare(`replace ${insert("objects")}`);
    this.#delete = db.prepare(`delete from ${one}`);
    const copies = "copies where directory = ? and name = ?";
    this.#copyAt = db.prepare(`select at, modified, size, bytes from ${copies} and volume = ?`);
    this.#bestCopy = db.prepare(`select ${stateColumns} from ${copies}
      order by size = ? and modified = ? and coalesce(etag = ?, true) desc, at desc, modified desc, volume limit 1`);
    this.#putCopy = db.prepare(`replace ${insert("copies")}`);
    this.#dropCopy = db.prepare(`delete from ${copies} and volume = ? returning size, bytes`);
    this.#find = db.prepare(`select wanted.key i, volume, size, modified, bytes, md5, objects.path, etag
      from json_each(?) wanted cross join objects where directory = ? and name = wanted.value`);
    this.#find.setReturnArrays(true);
    this.#lose = db.prepare(
      `replace into lost (directory, name, ${stateColumns}, lost_at) values (?, ?, ${statePlaces}, ?)`,
    );
    this.#found = db.prepare("delete from lost where directory = ? and name = ?");
    this.#hasLost = db.prepare("select 1 from lost limit 1").get() !== undefined;
  }

  /**
   * Whether some objects may be lost. Most catalogues have none, and need not look for each object
   * that is stored.
   */
  get hasLost(): boolean {
    return this.#hasLost;
  }

  /**
   * The object lies on this volume, in place of its older state there. The last stored state wins,
   * in whatever order reports come; the other states become copies. `at`: Unix milliseconds, used
   * if it is not known when the object was stored. Returns whether nothing was stored by this name
   * before.
   */
  store(directory: number, reported: ReportedObject, volume: number, at: number): boolean {
    const { name } = reported;
    const state = stateOf(reported, volume, at);
    if (this.#insert.run(directory, name, ...valuesOf(state)).changes === 1) {
      this.#changed(directory, volume, undefined, state);
      if (this.#hasLost) this.#found.run(directory, name);
      return true;
    }
    this.#storeAgain(directory, name, state);
    return false;
  }

  /** Whether something is stored by this name. */
  knows(directory: number, name: string): boolean {
    return this.#select.get(directory, name) !== undefined;
  }

  #storeAgain(directory: number, name: string, state: State): void {
    const { volume } = state;
    const current = this.#select.get(directory, name) as State | undefined;
    if (current === undefined) throw new Error("an object neither inserted nor there");
    const wins = !isBefore(state, current);
    if (wins) this.#replace.run(directory, name, ...valuesOf(state));
    if (current.volume === volume) {
      if (wins) this.#changed(directory, volume, current, state);
      return;
    }
    const copy = this.#copyAt.get(directory, name, volume) as (State & Lying) | undefined;
    if (wins) {
      if (copy !== undefined) this.#dropCopy.run(directory, name, volume);
      this.#putCopy.run(directory, name, ...valuesOf(current));
    } else {
      if (copy !== undefined && isBefore(state, copy)) return;
      this.#putCopy.run(directory, name, ...valuesOf(state));
    }
    this.#changed(directory, volume, copy, state);
  }

  /**
   * The object does not lie on this volume any more. Of its states elsewhere the same state becomes
   * the last stored one, else the newest. If there is none, the object is lost. `at`: Unix
   * milliseconds. Returns whether a state of it was known on the volume.
   */
  forget(directory: number, name: string, volume: number, at: number): boolean {
    const current = this.#select.get(directory, name) as State | undefined;
    if (current === undefined) return false;
    if (current.volume !== volume) {
      const copy = this.#dropped(directory, name, volume);
      this.#changed(directory, volume, copy, undefined);
      return copy !== undefined;
    }
    const { size, modified, etag } = current;
    const next = this.#bestCopy.get(directory, name, size, modified, etag) as State | undefined;
    if (next === undefined) {
      this.#delete.run(directory, name);
      this.#lose.run(directory, name, ...valuesOf(current), at);
      this.#hasLost = true;
    } else {
      this.#replace.run(directory, name, ...valuesOf(next));
      this.#dropped(directory, name, next.volume);
    }
    this.#changed(directory, volume, current, undefined);
    return true;
  }

  /**
   * Per file, in order: where it lies, `undefined` if its last stored state is not the listed one.
   * One query.
   */
  unchanged(
    directory: number,
    path: string,
    files: readonly FileEntry[],
    volumes: Volumes,
  ): (StoredPlace | undefined)[] {
    return this.#states(directory, files, undefined, (state, file) => {
      if (!isSame(state, file)) return undefined;
      const md5 = md5Of(state);
      return {
        volume: volumes.name(state.volume).id,
        path: state.path ?? join(path, file.name),
        size: bytesOnDisk(state),
        ...(md5 !== undefined && { md5 }),
      };
    });
  }

  /** Per file, in order: how it stands to its last stored state. One query. */
  compare(directory: number, files: readonly FileEntry[]): Comparison[] {
    return this.#states<Comparison>(directory, files, "new", (state, file) =>
      isSame(state, file) ? "unchanged" : "changed",
    );
  }

  #states<T>(
    directory: number,
    files: readonly FileEntry[],
    absent: T,
    present: (state: Found, file: FileEntry) => T,
  ): T[] {
    const answers = new Array<T>(files.length).fill(absent);
    const names = JSON.stringify(files.map(({ name }) => name));
    for (const row of this.#find.iterate(names, directory)) {
      const [index, volume, size, modified, bytes, md5, path, etag] = row as unknown as FoundRow;
      const file = files[index];
      if (file === undefined) continue;
      answers[index] = present({ volume, size, modified, bytes, md5, path, etag }, file);
    }
    return answers;
  }

  #dropped(directory: number, name: string, volume: number): Lying | undefined {
    return this.#dropCopy.get(directory, name, volume) as Lying | undefined;
  }

  /** Counts what lies on the volume of one object, `before` and `now`. */
  #changed(directory: number, volume: number, before: Lying | undefined, now: Lying | undefined): void {
    const objects = Number(now !== undefined) - Number(before !== undefined);
    const bytes =
      (now === undefined ? 0 : bytesOnDisk(now)) - (before === undefined ? 0 : bytesOnDisk(before));
    if (objects === 0 && bytes === 0) return;
    this.#holdings.add(volume, this.#directories.origin(directory), objects, bytes);
  }
}

type FoundRow = [
  index: number,
  volume: number,
  size: number,
  modified: number,
  bytes: number | null,
  md5: Uint8Array | null,
  path: string | null,
  etag: State["etag"],
];
