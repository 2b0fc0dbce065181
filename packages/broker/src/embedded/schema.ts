import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
// biome-ignore lint/correctness/noUnresolvedImports: Biome's list of Node's own modules lacks it
import { DatabaseSync } from "node:sqlite";
import { damagedDatabase } from "@brigade/core/thread";
import type { StoreOptions } from "./protocol.ts";

export type Database = DatabaseSync;

/** To be raised when older programs would misread the tables. */
const version = 1;

/**
 * Bytes. A batch of 64 files is about 8 kB. Larger pages would be half empty, smaller ones make
 * longer overflow chains.
 */
const pageSize = 8_192;
/** Bytes of write-ahead log after which it is copied into the database. */
const checkpointAfter = 16 << 20;
/**
 * Bytes of write-ahead log that are kept on the disk. A large transaction needs more, which is
 * given back.
 */
const keptLog = 64 << 20;
/** Bytes of cache, if memory is not short. */
const usualCache = 32 << 20;

/**
 * A message's body is written once. Where the message stands is a small row in exactly one of
 * `ready`, `held`, `delayed` and `dead`, so that moving it costs no copy of the body.
 */
const tables = `
  CREATE TABLE queue (id INTEGER PRIMARY KEY, source TEXT NOT NULL, kind TEXT NOT NULL, UNIQUE (source, kind)) STRICT;
  CREATE TABLE message (id INTEGER PRIMARY KEY, body TEXT NOT NULL,
    repeated INTEGER NOT NULL DEFAULT 0) STRICT;
  CREATE TABLE ready (queue INTEGER NOT NULL, id INTEGER NOT NULL, deliveries INTEGER NOT NULL,
    PRIMARY KEY (queue, id)) STRICT, WITHOUT ROWID;
  CREATE TABLE held (id INTEGER PRIMARY KEY, queue INTEGER NOT NULL, deliveries INTEGER NOT NULL) STRICT;
  CREATE TABLE delayed (due INTEGER NOT NULL, id INTEGER NOT NULL, queue INTEGER NOT NULL, deliveries INTEGER NOT NULL,
    PRIMARY KEY (due, id)) STRICT, WITHOUT ROWID;
  CREATE TABLE dead (id INTEGER PRIMARY KEY, queue INTEGER NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
  PRAGMA user_version = ${version};
`;

/**
 * Opens or makes the database; holds it alone until it is closed or the process dies. A lock needs
 * EXCLUSIVE before the first look at the file; with it, WAL needs no shared memory either.
 */
export function openDatabase({ path, maxBytes, cacheBytes = usualCache }: StoreOptions): Database {
  mkdirSync(dirname(path), { recursive: true });
  const db = new DatabaseSync(path, { timeout: 500 });
  try {
    db.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA page_size = ${pageSize};
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA wal_autocheckpoint = ${checkpointAfter / pageSize};
      PRAGMA journal_size_limit = ${keptLog};
      PRAGMA cache_size = -${Math.floor(cacheBytes / 1024)};
      PRAGMA temp_store = MEMORY;
      BEGIN IMMEDIATE;
    `);
    const found = Number(db.prepare("PRAGMA user_version").get()?.user_version);
    const made = db.prepare("SELECT count(*) AS count FROM sqlite_schema").get()?.count;
    if (found === 0 && made === 0) db.exec(tables);
    else if (found !== version) throw new Error("it is not a queue database of this version of brigade");
    else {
      checkPages(db);
      addRepeated(db);
    }
    db.exec("COMMIT");
    if (maxBytes !== undefined) db.exec(`PRAGMA max_page_count = ${Math.ceil(maxBytes / pageSize)}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Adds a column that earlier programs did not make. They ignore it. */
function addRepeated(db: Database): void {
  const columns = db.prepare("PRAGMA table_info(message)").all();
  if (!columns.some(({ name }) => name === "repeated"))
    db.exec("ALTER TABLE message ADD COLUMN repeated INTEGER NOT NULL DEFAULT 0");
}

/**
 * Reads the file once to find damage now. Later it would lose messages, or end the run in its
 * middle.
 */
function checkPages(db: Database): void {
  const finding = String(db.prepare("PRAGMA quick_check(1)").get()?.quick_check);
  if (finding !== "ok") throw damagedDatabase(finding.replaceAll(/\s+/g, " "));
}
