import type { Tables } from "../database/transactions.ts";
import type { DatabaseSync, StatementSync } from "../sqlite.ts";
import { Origins } from "../tables/origins.ts";
import { bytesOnDisk, type State } from "../tables/state.ts";
import type { OriginName } from "../wire/history.ts";
import type { StoredName } from "../wire/objects.ts";
import type { VolumeContents } from "../wire/volumes.ts";
import { type Chunk, chunkLength, chunkOf } from "./chunks.ts";

/** Tells what is stored, by directories and by volumes. */
export class StoredObjects {
  readonly #origins: Origins;
  readonly #tables: Pick<Tables, "directories" | "volumes" | "holdings">;
  readonly #names: StatementSync;
  readonly #any: StatementSync;

  constructor(db: DatabaseSync, tables: Pick<Tables, "directories" | "volumes" | "holdings">) {
    this.#origins = new Origins(db);
    this.#tables = tables;
    this.#names = db.prepare(`select name, volume, size, bytes from objects
      where directory = ? and name > ? order by name limit ${chunkLength}`);
    this.#any = db.prepare("select 1 from objects where directory = ? limit 1");
  }

  /** By name. */
  storedNames(of: OriginName, path: string, after = ""): Chunk<StoredName, string> {
    const { directories, volumes } = this.#tables;
    const origin = this.#origins.find(of);
    const directory = origin === undefined ? undefined : directories.find(origin, path);
    if (directory === undefined) return { rows: [] };
    type Row = Pick<State, "volume" | "size" | "bytes"> & { name: string };
    return chunkOf(
      this.#names.all(directory, after) as Row[],
      (row) => ({ name: row.name, volume: volumes.name(row.volume).id, size: bytesOnDisk(row) }),
      ({ name }) => name,
    );
  }

  /** Paths at or below `top` where something is stored, in order. */
  storedDirectories(of: OriginName, top: string, after?: string): Chunk<string, string> {
    const origin = this.#origins.find(of);
    if (origin === undefined) return { rows: [] };
    const rows: string[] = [];
    let directories = 0;
    for (const { n, path } of this.#atOrBelow(origin, top, after)) {
      if (this.#any.get(n) !== undefined) rows.push(path);
      if (++directories >= chunkLength) return { rows, next: path };
    }
    return { rows };
  }

  volumes(): VolumeContents[] {
    const { volumes, holdings } = this.#tables;
    return volumes.all((n) => holdings.ofVolume(n));
  }

  *#atOrBelow(origin: number, top: string, after: string | undefined): Iterable<{ n: number; path: string }> {
    const { directories } = this.#tables;
    const n = after === undefined ? directories.find(origin, top) : undefined;
    if (n !== undefined) yield { n, path: top };
    const below = top === "" ? "" : `${top}/`;
    for (const directory of directories.from(origin, after === undefined || after === top ? below : after)) {
      if (!directory.path.startsWith(below)) return;
      if (directory.path !== after && directory.path !== top) yield directory;
    }
  }
}
