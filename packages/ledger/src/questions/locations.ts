import { join } from "@brigade/core";
import type { Location } from "../account.ts";
import type { DatabaseSync, StatementSync } from "../catalogue/sqlite.ts";
import { type Directories, split } from "../tables/directories.ts";
import type { OriginName, Origins } from "../tables/origins.ts";
import { bytesOnDisk, etagOf, isSame, md5Of, type State, stateColumns } from "../tables/state.ts";
import type { Volumes } from "../tables/volumes.ts";
import type { Part } from "./listings.ts";

/** Objects by their key, or all whose keys begin with `prefix` (`""`: all). Of one source, or of all. */
export interface LocationQuery {
  readonly key?: string;
  readonly prefix?: string;
  readonly source?: string;
  /** Those that lie nowhere any more, where they lay last; none of the others. */
  readonly lost?: boolean;
}

/** The object, or without a name the directory, that a part ended with. */
export interface LocationCursor {
  readonly origin: number;
  readonly path: string;
  readonly name?: string;
}

/** What is stored of a directory. */
export interface StoredName {
  readonly name: string;
  /** The volume's id. */
  readonly volume: string;
  /** Bytes on disk. */
  readonly size: number;
}

/** Rows of a part, about; and directories that it looks into at most, for many may be empty. */
const partLength = 500;

type Origin = OriginName & { readonly n: number };
/** The names in a directory that begin with `begin`. */
type Span = { readonly n: number; readonly path: string; readonly begin: string };
type Row = State & { readonly name: string; readonly lost_at?: number };

/** Where objects lie, part by part; by ranges of the keys only. */
export class Locations {
  readonly #origins: Origins;
  readonly #directories: Directories;
  readonly #volumes: Volumes;
  readonly #object: StatementSync;
  readonly #objects: StatementSync;
  readonly #copies: StatementSync;
  readonly #names: StatementSync;
  readonly #any: StatementSync;

  constructor(
    db: DatabaseSync,
    tables: { readonly origins: Origins; readonly directories: Directories; readonly volumes: Volumes },
    table: "objects" | "lost",
  ) {
    this.#origins = tables.origins;
    this.#directories = tables.directories;
    this.#volumes = tables.volumes;
    const lostAt = table === "lost" ? ", lost_at" : "";
    const objects = `select name, ${stateColumns}${lostAt} from ${table} where directory = ?`;
    this.#object = db.prepare(`${objects} and name = ?`);
    this.#objects = db.prepare(`${objects} and name >= ? order by name`);
    this.#copies = db.prepare(
      `select ${stateColumns} from copies where directory = ? and name = ? order by at desc, modified desc, volume`,
    );
    this.#names = db.prepare(`select name, volume, size, bytes from ${table}
      where directory = ? and name > ? order by name limit ${partLength}`);
    this.#any = db.prepare(`select 1 from ${table} where directory = ? limit 1`);
  }

  /** By origin, directory and name; of an object its last stored state first. */
  where({ key, prefix = "", source }: LocationQuery, after?: LocationCursor): Part<Location, LocationCursor> {
    // no key begins with one: it would be taken for the root
    if ((key ?? prefix).startsWith("/")) return { rows: [] };
    const origins = this.#origins.of(source);
    if (key !== undefined)
      return { rows: origins.flatMap((origin) => this.#ofKey(origin, key.toWellFormed())) };
    const rows: Location[] = [];
    let directories = 0;
    for (const origin of origins) {
      if (after !== undefined && origin.n < after.origin) continue;
      const from = after?.origin === origin.n ? after : undefined;
      for (const span of this.#spans(origin.n, prefix.toWellFormed(), from)) {
        const { path } = span;
        const last = from?.path === path ? from.name : undefined;
        for (const row of this.#rows(span, last)) {
          rows.push(...this.#ofObject(origin, span, row));
          if (rows.length >= partLength) return { rows, next: { origin: origin.n, path, name: row.name } };
        }
        if (++directories >= partLength) return { rows, next: { origin: origin.n, path } };
      }
    }
    return { rows };
  }

  /** The last stored states in one directory, by name. */
  names(directory: number, after = ""): Part<StoredName, string> {
    type Row = Pick<State, "volume" | "size" | "bytes"> & { name: string };
    const found = this.#names.all(directory, after) as Row[];
    const rows = found.map((row) => ({
      name: row.name,
      volume: this.#volumes.name(row.volume).id,
      size: bytesOnDisk(row),
    }));
    const last = rows.at(-1);
    return { rows, ...(last !== undefined && rows.length === partLength && { next: last.name }) };
  }

  /** Paths at or below `top` where something is stored, in order. */
  directories(origin: number, top: string, after?: string): Part<string, string> {
    const rows: string[] = [];
    let directories = 0;
    for (const { n, path } of this.#atOrBelow(origin, top, after)) {
      if (this.#any.get(n) !== undefined) rows.push(path);
      if (++directories >= partLength) return { rows, next: path };
    }
    return { rows };
  }

  *#atOrBelow(origin: number, top: string, after: string | undefined): Iterable<{ n: number; path: string }> {
    const n = after === undefined ? this.#directories.find(origin, top) : undefined;
    if (n !== undefined) yield { n, path: top };
    const below = top === "" ? "" : `${top}/`;
    for (const directory of this.#directories.from(
      origin,
      after === undefined || after === top ? below : after,
    )) {
      if (!directory.path.startsWith(below)) return;
      if (directory.path !== after && directory.path !== top) yield directory;
    }
  }

  /** First the directory that the prefix ends in, then all whose paths begin with it: so they are in order. */
  *#spans(origin: number, prefix: string, after: LocationCursor | undefined): Iterable<Span> {
    const [parent, begin] = split(prefix);
    const inParent = after === undefined || after.path === parent;
    const isDone = (path: string) => path === after?.path && after.name === undefined;
    const n = inParent && !isDone(parent) ? this.#directories.find(origin, parent) : undefined;
    if (n !== undefined) yield { n, path: parent, begin };
    for (const directory of this.#directories.from(origin, inParent ? prefix : after.path)) {
      const { path } = directory;
      if (!path.startsWith(prefix)) return;
      if (path !== parent && !isDone(path)) yield { ...directory, begin: "" };
    }
  }

  *#rows({ n, begin }: Span, after: string | undefined): Iterable<Row> {
    for (const row of this.#objects.iterate(n, after ?? begin) as Iterable<Row>) {
      if (!row.name.startsWith(begin)) return;
      if (row.name !== after) yield row;
    }
  }

  #ofKey(origin: Origin, key: string): Location[] {
    const [path, name] = split(key);
    const n = this.#directories.find(origin.n, path);
    const row = n === undefined ? undefined : (this.#object.get(n, name) as Row | undefined);
    return n === undefined || row === undefined ? [] : this.#ofObject(origin, { n, path }, row);
  }

  #ofObject(origin: Origin, directory: { n: number; path: string }, current: Row): Location[] {
    const key = join(directory.path, current.name);
    const { size, modified } = current;
    const etag = etagOf(current);
    if (current.lost_at !== undefined)
      return [{ ...this.#location(origin, key, "lost", current), lostAt: current.lost_at }];
    const file = { size, modified, ...(etag !== undefined && { etag }) };
    const copies = this.#copies.all(directory.n, current.name) as State[];
    return [
      this.#location(origin, key, "current", current),
      ...copies.map((copy) =>
        this.#location(origin, key, isSame(copy, file) ? "duplicate" : "superseded", copy),
      ),
    ];
  }

  #location(origin: OriginName, key: string, standing: Location["standing"], state: State): Location {
    const { id, host, label } = this.#volumes.name(state.volume);
    const [md5, etag] = [md5Of(state), etagOf(state)];
    return {
      source: origin.source,
      fingerprint: origin.fingerprint,
      key,
      standing,
      volume: id,
      ...(label !== undefined && { label }),
      host,
      path: state.path ?? key,
      size: bytesOnDisk(state),
      listedSize: state.size,
      modified: state.modified,
      storedAt: state.at,
      ...(md5 !== undefined && { md5 }),
      ...(state.verified !== null && { verified: state.verified === 1 }),
      ...(etag !== undefined && { etag }),
    };
  }
}
