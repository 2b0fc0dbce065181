import { type FileEntry, join, type ObjectResult } from "@brigade/core";
import type { StoredPlace } from "./account.ts";
import type { DatabaseSync, StatementSync } from "./sqlite.ts";
import type { Volumes } from "./volumes.ts";

type Value = number | string | Uint8Array | null;
/** All that is known of an object on a volume. `at`: Unix seconds; `bytes`: on disk, null where as listed. */
type State = {
  volume: number;
  size: number;
  modified: number;
  at: number;
  bytes: number | null;
  md5: Uint8Array | null;
  verified: number | null;
  path: string | null;
  etag: Value;
};
type Found = [
  index: number,
  volume: number,
  size: number,
  modified: number,
  bytes: number | null,
  md5: Uint8Array | null,
  path: string | null,
  etag: Value,
];

const columns = "volume, size, modified, at, bytes, md5, verified, path, etag";

/** The last stored state of every object, and where else states of it lie. */
export class Objects {
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #replace: StatementSync;
  readonly #copyAt: StatementSync;
  readonly #putCopy: StatementSync;
  readonly #dropCopy: StatementSync;
  readonly #find: StatementSync;

  constructor(db: DatabaseSync) {
    const places = "?, ?, ?, ?, ?, ?, ?, ?, ?";
    this.#insert = db.prepare(
      `insert into objects (directory, name, ${columns}) values (?, ?, ${places}) on conflict do nothing`,
    );
    this.#select = db.prepare(`select ${columns} from objects where directory = ? and name = ?`);
    this.#replace = db.prepare(`replace into objects (directory, name, ${columns}) values (?, ?, ${places})`);
    const copy = "from copies where directory = ? and name = ? and volume = ?";
    this.#copyAt = db.prepare(`select at, modified ${copy}`);
    this.#putCopy = db.prepare(`replace into copies (directory, name, ${columns}) values (?, ?, ${places})`);
    this.#dropCopy = db.prepare(`delete ${copy}`);
    this.#find = db.prepare(`select wanted.key, volume, size, modified, bytes, md5, objects.path, etag
      from json_each(?) wanted cross join objects where directory = ? and name = wanted.value`);
    this.#find.setReturnArrays(true);
  }

  /** The object lies on this volume. The last stored wins, whatever order reports come in; the other becomes a copy. */
  store(directory: number, result: ObjectResult, volume: number, at: number): void {
    const { name } = result;
    const state: State = {
      volume,
      size: result.listedSize,
      modified: result.modified,
      at: Math.floor(at / 1000),
      bytes: result.size === undefined || result.size === result.listedSize ? null : result.size,
      md5: result.md5 === undefined ? null : Buffer.from(result.md5, "hex"),
      verified: result.verified === undefined ? null : Number(result.verified),
      path: result.path ?? null,
      etag: packEtag(result.etag),
    };
    if (this.#insert.run(directory, name, ...values(state)).changes === 1) return;
    const old = this.#select.get(directory, name) as State | undefined;
    if (old === undefined) throw new Error("an object neither inserted nor there");
    if (!isBefore(state, old)) {
      this.#replace.run(directory, name, ...values(state));
      if (old.volume === volume) return;
      this.#dropCopy.run(directory, name, volume);
      this.#putCopy.run(directory, name, ...values(old));
    } else if (old.volume !== volume) {
      const copy = this.#copyAt.get(directory, name, volume) as Pick<State, "at" | "modified"> | undefined;
      if (copy === undefined || !isBefore(state, copy)) this.#putCopy.run(directory, name, ...values(state));
    }
  }

  /** For each file, in order: where it lies, if its last stored state is the listed one. One query. */
  unchanged(
    directory: number,
    path: string,
    files: readonly FileEntry[],
    volumes: Volumes,
  ): (StoredPlace | undefined)[] {
    const places = new Array<StoredPlace | undefined>(files.length).fill(undefined);
    const names = JSON.stringify(files.map(({ name }) => name));
    for (const row of this.#find.iterate(names, directory)) {
      const [index, volume, size, modified, bytes, md5, mapped, etag] = row as unknown as Found;
      const file = files[index];
      if (file === undefined || file.size !== size || file.modified !== modified) continue;
      if (file.etag !== undefined && etag !== null && file.etag !== unpackEtag(etag)) continue;
      places[index] = {
        volume: volumes.name(volume).id,
        path: mapped ?? join(path, file.name),
        size: bytes ?? size,
        ...(md5 !== null && { md5: Buffer.from(md5).toString("hex") }),
      };
    }
    return places;
  }
}

/** By the second; within one, by the object's own modification time. */
function isBefore(a: Pick<State, "at" | "modified">, b: Pick<State, "at" | "modified">): boolean {
  return a.at < b.at || (a.at === b.at && a.modified < b.modified);
}

function values(state: State): Value[] {
  const { volume, size, modified, at, bytes, md5, verified, path, etag } = state;
  return [volume, size, modified, at, bytes, md5, verified, path, etag];
}

function packEtag(etag: string | undefined): Value {
  if (etag === undefined) return null;
  return /^[0-9a-f]{32}$/.test(etag) ? Buffer.from(etag, "hex") : etag;
}

function unpackEtag(etag: Value): string {
  return etag instanceof Uint8Array ? Buffer.from(etag).toString("hex") : String(etag);
}
