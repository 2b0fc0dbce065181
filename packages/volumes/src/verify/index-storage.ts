import { databaseError, FatalError, HostError, isDamage } from "@brigade/core";
import { DatabaseSync } from "../disk/sqlite.ts";
import { DatabaseFile } from "../own-files/database-file.ts";
import { removeOwnFile } from "../own-files/removal.ts";

/** Raised when the tables change: an index of another version is made anew. */
const version = 1;

const schema = `
create table state (name text primary key, value text not null) strict;
create table sources (n integer primary key, name text not null unique) strict;
-- how far the manifest was read: bytes, lines
create table segments (name text primary key, bytes integer not null, lines integer not null) strict;
create table bad_lines (n integer primary key, segment text not null, line integer not null, reason text not null) strict;
-- n: in the order of the manifest's lines, never used again
create table objects (n integer primary key, source integer not null, key text not null, path text, size integer not null,
  md5 blob not null, modified integer not null, listed_size integer not null, etag text, stored_at integer not null,
  unique (source, key)) strict;
-- lines up to this time are void
create table lost (source integer not null, key text not null, at integer not null, primary key (source, key))
  strict, without rowid;
-- objects that are not as they should be, or were not when they were looked at first
create table problems (n integer primary key) strict;
-- folders that are still to be searched for files that are in no manifest
create table folders (n integer primary key, source text not null, path text not null) strict;
`;

/** What is kept of the file in memory, and what the write-ahead log may grow to; bytes. */
const cacheBytes = 64 * 2 ** 20;
const walBytes = 32 * 2 ** 20;
const pageBytes = 4096;

/**
 * Opens the index, or makes it: also where the old one is of another version or damaged. Throws
 * HostError.
 */
export function openIndexStorage(path: string): DatabaseSync {
  try {
    return open(path);
  } catch (error) {
    if (!isUseless(error)) throw error;
    for (const end of ["", "-wal", "-shm"]) removeOwnFile(path + end);
    return open(path);
  }
}

function open(path: string): DatabaseSync {
  const file = new DatabaseFile(path);
  const db = new DatabaseSync(path);
  try {
    // Normal: a power cut costs the last steps, never the order among them.
    db.exec(`pragma page_size = ${pageBytes}; pragma locking_mode = exclusive; pragma journal_mode = wal;
      pragma synchronous = normal; pragma cache_size = -${cacheBytes / 1024}; pragma temp_store = memory;
      pragma wal_autocheckpoint = ${walBytes / pageBytes}; pragma journal_size_limit = ${walBytes}; begin immediate`);
    const found = Number(db.prepare("pragma user_version").get()?.user_version);
    if (found === 0) db.exec(`${schema}; pragma user_version = ${version}`);
    else if (found !== version) throw new OtherVersion();
    db.exec("commit");
    file.confirm();
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

class OtherVersion extends Error {}

function isUseless(error: unknown): boolean {
  return error instanceof OtherVersion || isDamage(error);
}

/** SQLite's complaints about the file or its disk as HostError; all else as it was. */
export function indexError(error: unknown, path: string): unknown {
  const ifDamaged = "run the command again with --restart";
  const known = databaseError(error, { what: "the index of the verification", path, ifDamaged });
  if (known instanceof FatalError) return new HostError("io", known.message, { cause: error });
  return known ?? error;
}
