import { join } from "@brigade/core/thread";
import type { Tables } from "../database/transactions.ts";
import type { DatabaseSync, StatementSync } from "../sqlite.ts";
import { split } from "../tables/directories.ts";
import { Origins } from "../tables/origins.ts";
import { bytesOnDisk, etagOf, isSame, md5Of, type State, stateColumns } from "../tables/state.ts";
import type { OriginName } from "../wire/history.ts";
import type { Location, LocationQuery } from "../wire/objects.ts";
import { type Chunk, chunkLength } from "./chunks.ts";

/** Where a part ended: the object, or the directory if there is no name. */
export interface LocationCursor {
  readonly origin: number;
  readonly path: string;
  readonly name?: string;
}

type Origin = OriginName & { readonly n: number };
/** A directory, and how the wanted names in it begin. */
type Span = { readonly n: number; readonly path: string; readonly begin: string };
type Row = State & { readonly name: string; readonly lost_at?: number };

/** The statements that read `objects`, or `lost`: the objects that lie nowhere any more. */
interface Reads {
  readonly object: StatementSync;
  readonly objects: StatementSync;
}

/** Tells where objects lie, part by part. A query is a range of keys. */
export class Locations {
  readonly #origins: Origins;
  readonly #tables: Pick<Tables, "directories" | "volumes" | "objects">;
  readonly #stored: Reads;
  readonly #lost: Reads;
  readonly #copies: StatementSync;

  constructor(db: DatabaseSync, tables: Pick<Tables, "directories" | "volumes" | "objects">) {
    this.#origins = new Origins(db);
    this.#tables = tables;
    const reads = (columns: string, table: string) => {
      const select = `select ${columns} from ${table} where directory = ?`;
      return {
        object: db.prepare(`${select} and name = ?`),
        objects: db.prepare(`${select} and name >= ? order by name`),
      };
    };
    this.#stored = reads(`name, ${stateColumns}`, "objects");
    this.#lost = reads(`name, ${stateColumns}, lost_at`, "lost");
    this.#copies = db.prepare(
      `select ${stateColumns} from copies where directory = ? and name = ? order by at desc, modified desc, volume`,
    );
  }

  /** By origin, directory and name; the last stored state of an object comes before its others. */
  where(query: LocationQuery, after?: LocationCursor): Chunk<Location, LocationCursor> {
    const { key, prefix = "", source, lost = false } = query;
    if (lost && !this.#tables.objects.hasLost) return { rows: [] };
    // no key begins with one: it would be taken for the root
    if ((key ?? prefix).startsWith("/")) return { rows: [] };
    const reads = lost ? this.#lost : this.#stored;
    const origins = this.#origins.of(source);
    if (key === undefined) return this.#below(reads, origins, prefix.toWellFormed(), after);
    return { rows: origins.flatMap((origin) => this.#ofKey(reads, origin, key.toWellFormed())) };
  }

  /** A part ends, too, after `partLength` directories: many may be empty. */
  #below(
    reads: Reads,
    origins: readonly Origin[],
    prefix: string,
    after: LocationCursor | undefined,
  ): Chunk<Location, LocationCursor> {
    const rows: Location[] = [];
    let directories = 0;
    for (const origin of origins) {
      if (after !== undefined && origin.n < after.origin) continue;
      const from = after?.origin === origin.n ? after : undefined;
      for (const span of this.#spans(origin.n, prefix, from)) {
        const { path } = span;
        const last = from?.path === path ? from.name : undefined;
        for (const row of rowsIn(reads, span, last)) {
          rows.push(...this.#ofObject(origin, span, row));
          if (rows.length >= chunkLength) return { rows, next: { origin: origin.n, path, name: row.name } };
        }
        if (++directories >= chunkLength) return { rows, next: { origin: origin.n, path } };
      }
    }
    return { rows };
  }

  /**
   * First the directory that the prefix ends in, then all directories whose paths begin with it: so
   * they are in order.
   */
  *#spans(origin: number, prefix: string, after: LocationCursor | undefined): Iterable<Span> {
    const [parent, begin] = split(prefix);
    const inParent = after === undefined || after.path === parent;
    const isDone = (path: string) => path === after?.path && after.name === undefined;
    const n = inParent && !isDone(parent) ? this.#tables.directories.find(origin, parent) : undefined;
    if (n !== undefined) yield { n, path: parent, begin };
    for (const directory of this.#tables.directories.from(origin, inParent ? prefix : after.path)) {
      const { path } = directory;
      if (!path.startsWith(prefix)) return;
      if (path !== parent && !isDone(path)) yield { ...directory, begin: "" };
    }
  }

  #ofKey({ object }: Reads, origin: Origin, key: string): Location[] {
    const [path, name] = split(key);
    const n = this.#tables.directories.find(origin.n, path);
    const row = n === undefined ? undefined : (object.get(n, name) as Row | undefined);
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
    const { id, host, label } = this.#tables.volumes.name(state.volume);
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

function* rowsIn({ objects }: Reads, { n, begin }: Span, after: string | undefined): Iterable<Row> {
  for (const row of objects.iterate(n, after ?? begin) as Iterable<Row>) {
    if (!row.name.startsWith(begin)) return;
    if (row.name !== after) yield row;
  }
}
