import { ConfigError, type DatabaseFile, databaseError } from "@brigade/core/thread";
import { ordersTable } from "../orders/orders.ts";
import { DatabaseSync } from "../sqlite.ts";
import { countHoldings } from "../tables/holdings.ts";
import { pagePartsTable } from "../tables/page-parts.ts";
import { untoldTable } from "../tables/untold.ts";

/** Raised when the tables change in such a way that an older program would misread them. */
const schemaVersion = 4;

const lostTable = `
-- the last stored state of objects that lie nowhere any more; lost_at: Unix milliseconds
create table lost (directory integer not null, name text not null, volume integer not null, size integer not null,
  modified integer not null, at integer not null, bytes integer, md5 blob, verified integer, path text, etag any,
  lost_at integer not null, primary key (directory, name)) strict, without rowid;
`;

const goneColumns = `
-- when a volume was told to be here no more, Unix milliseconds; why, if it was lost
alter table volumes add column gone_at integer;
alter table volumes add column lost text;
`;

/**
 * Rows are small and numbered, for hundreds of millions of objects:
 * - a directory's path is stored once (and once in its index); everything else has its number
 * - `objects` is the largest table by far: no row number, no second index, `bytes` is null if
 *   equal to `size`, MD5 (and an etag that looks like one) as 16 bytes
 * - `pages.outcomes` has one byte per index, or a single byte if all are equal
 */
const schema = `${lostTable}
create table origins (n integer primary key, source text not null, fingerprint text not null,
  unique (source, fingerprint)) strict;
create table jobs (n integer primary key, id text not null unique, source text not null, origin integer not null,
  prefix text not null, filters text not null, started_at integer not null, state text not null, closed_at integer,
  pruned_for text) strict;
create unique index one_open_job on jobs (source) where state = 'open';
create table directories (n integer primary key, origin integer not null, path text not null, unique (origin, path)) strict;
create table volumes (n integer primary key, id text not null unique, host text not null, seen_at integer not null,
  label text, free integer, size integer) strict;

-- a directory in a job: which of its walks counts, and how far that is
create table visits (job integer not null, directory integer not null, named integer not null, walk integer,
  pages integer not null, top integer not null, ended integer not null, broken integer not null,
  primary key (job, directory)) strict, without rowid;
-- walk and page are empty while only results are known
create table pages (n integer primary key, job integer not null, id text not null, directory integer not null,
  walk integer, page integer, last integer not null, next text, listed integer not null, listed_bytes integer not null,
  stored integer not null, stored_bytes integer not null, unchanged integer not null, unchanged_bytes integer not null,
  vanished integer not null, vanished_bytes integer not null, failed integer not null, failed_bytes integer not null,
  volumes text, sizes text, outcomes blob not null, unique (job, id)) strict;
create unique index positions on pages (job, directory, walk, page);
-- positions where the lister gave up
create table breaks (job integer not null, directory integer not null, walk integer not null, page integer not null,
  id text not null, reason text not null, primary key (job, directory, walk, page)) strict, without rowid;
-- vanished and failed objects, and those that failed and are to be tried again
create table misses (job integer not null, page integer not null, idx integer not null, outcome integer not null,
  name text not null, bytes integer not null, reason text not null, at integer not null,
  class text, modified integer, etag text,
  primary key (job, page, idx)) strict, without rowid;

-- the last stored state of every object; at: Unix seconds
create table objects (directory integer not null, name text not null, volume integer not null, size integer not null,
  modified integer not null, at integer not null, bytes integer, md5 blob, verified integer, path text, etag any,
  primary key (directory, name)) strict, without rowid;
-- other volumes where a state of an object lies
create table copies (directory integer not null, name text not null, volume integer not null, size integer not null,
  modified integer not null, at integer not null, bytes integer, md5 blob, verified integer, path text, etag any,
  primary key (directory, name, volume)) strict, without rowid;

-- what lies on a volume, in objects and copies together; bytes on disk
create table holdings (volume integer not null, origin integer not null, objects integer not null, bytes integer not null,
  primary key (volume, origin)) strict, without rowid;

create table totals (job integer primary key, known integer not null, done integer not null, broken integer not null,
  pages integer not null, listed integer not null, listed_bytes integer not null, stored integer not null,
  stored_bytes integer not null, unchanged integer not null, unchanged_bytes integer not null, vanished integer not null,
  vanished_bytes integer not null, failed integer not null, failed_bytes integer not null) strict;
create table volume_totals (job integer not null, volume integer not null, objects integer not null,
  bytes integer not null, primary key (job, volume)) strict, without rowid;
${goneColumns}`;

/** By version: brings the tables from the version before to this one, in the same transaction. */
const upgrades: Readonly<Record<number, (db: DatabaseSync) => void>> = {
  2(db) {
    db.exec(`
alter table jobs add column pruned_for text;
alter table volumes add column label text;
alter table volumes add column free integer;
alter table volumes add column size integer;
alter table misses add column class text;
alter table misses add column modified integer;
alter table misses add column etag text;
create table holdings (volume integer not null, origin integer not null, objects integer not null, bytes integer not null,
  primary key (volume, origin)) strict, without rowid;
`);
    countHoldings(db);
  },
  3: (db) => db.exec(lostTable),
  4: (db) => db.exec(goneColumns),
};

/** Bytes of the database in memory, if memory is not short. */
const usualCache = 32 * 2 ** 20;
/** Bytes of the write-ahead log at which SQLite moves it into the database. */
const walBytes = 32 * 2 ** 20;
const pageBytes = 4096;

/**
 * Opens or makes the catalogue for this process alone. A second process gets a FatalError until
 * this one ends, however it ends. What is committed is synced.
 */
export function openStorage(path: string, cacheBytes = usualCache): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path);
    db.exec(`pragma page_size = ${pageBytes}; pragma locking_mode = exclusive; pragma journal_mode = wal;
      pragma synchronous = full; pragma cache_size = -${Math.floor(cacheBytes / 1024)}; pragma temp_store = memory;
      pragma wal_autocheckpoint = ${walBytes / pageBytes}; pragma journal_size_limit = ${walBytes}`);
    db.exec("begin immediate");
    prepareSchema(db, path);
    db.exec(pagePartsTable + untoldTable + ordersTable);
    db.exec("commit");
    return db;
  } catch (error) {
    db?.close();
    throw translate(error, path);
  }
}

function prepareSchema(db: DatabaseSync, path: string): void {
  const row = db.prepare("pragma user_version").get();
  const found = Number(row?.user_version);
  if (found === schemaVersion) return;
  if (found > schemaVersion) {
    throw new ConfigError([
      `the catalogue ${path} has version ${found}; this program reads version ${schemaVersion}`,
    ]);
  }
  if (found === 0) db.exec(schema);
  else for (let version = found + 1; version <= schemaVersion; version++) upgrades[version]?.(db);
  db.exec(`pragma user_version = ${schemaVersion}`);
}

/**
 * Whether the file could not be read or written. Such an error is no fault of what was to be
 * written.
 */
export function isDiskError(error: unknown): boolean {
  return databaseError(error, catalogueAt("")) !== undefined;
}

/** An error of the disk in the words of this program; any other error as it was. */
export function translate(error: unknown, path: string): unknown {
  return databaseError(error, catalogueAt(path)) ?? error;
}

function catalogueAt(path: string): DatabaseFile {
  const ifDamaged = `move ${path}* away and begin anew with what the volumes' manifests say: see "If the catalogue is lost" in docs/operating.md`;
  return { what: "the catalogue", path, ifDamaged };
}
