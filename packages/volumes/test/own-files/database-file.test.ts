import assert from "node:assert/strict";
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ConfigError } from "@brigade/core";
import { DatabaseSync } from "../../src/disk/sqlite.ts";
import { withDatabaseFile } from "../../src/index.ts";
import { scratchFolder } from "../scratch.ts";

/**
 * A database in a volume's state folder, with a write-ahead log beside it, and one of somebody
 * else's.
 */
function prepared(t: TestContext) {
  const folder = scratchFolder(t);
  const state = join(folder, ".brigade", "state");
  mkdirSync(state, { recursive: true });
  const path = join(state, "catalogue.sqlite");
  const foreign = join(folder, "foreign");
  writeFileSync(foreign, "");
  return { path, foreign };
}

/** Opens the database after this has happened, as when somebody is quick. */
async function opened(path: string, meanwhile: () => void) {
  let isClosed = false;
  const attempt = withDatabaseFile(path, async (at) => {
    meanwhile();
    const db = new DatabaseSync(at);
    db.exec(`pragma locking_mode = exclusive; pragma journal_mode = wal; create table if not exists t (n integer);
      insert into t values (1)`);
    return {
      async [Symbol.asyncDispose]() {
        db.close();
        isClosed = true;
      },
    };
  });
  const settled = await attempt.then(
    (db) => db,
    (error: unknown) => error,
  );
  return { settled, isClosed: () => isClosed };
}

/** As after a kill: with a log beside it. */
async function leave(path: string): Promise<void> {
  const { settled } = await opened(path, () => {});
  assert.ok(
    typeof settled === "object" && settled !== null && Symbol.asyncDispose in settled,
    String(settled),
  );
  await (settled as AsyncDisposable)[Symbol.asyncDispose]();
  writeFileSync(`${path}-wal`, "");
}

for (const end of ["", "-wal"]) {
  test(`a database whose ${end || "file"} becomes another while it is opened is closed, and the run ends`, async (t) => {
    const { path, foreign } = prepared(t);
    await leave(path);
    const { settled, isClosed } = await opened(path, () => renameSync(foreign, path + end));
    assert.ok(settled instanceof ConfigError);
    assert.match(settled.message, /became another file while it was opened: run the command again/);
    assert.ok(isClosed());
  });
}

test("a new database that becomes another file while it is opened is noticed, too", async (t) => {
  const { path, foreign } = prepared(t);
  const { settled, isClosed } = await opened(path, () => renameSync(foreign, path));
  assert.ok(settled instanceof ConfigError);
  assert.ok(isClosed());
});

test("a database of its own is opened, new or not; where its folder is missing, the error is SQLite's", async (t) => {
  const { path } = prepared(t);
  for (let time = 0; time < 3; time++) await leave(path);
  const { settled } = await opened(join(path, "..", "missing", "catalogue.sqlite"), () => {});
  assert.match(String(settled), /unable to open database file/);
  assert.ok(!existsSync(join(path, "..", "missing")));
});

test("a link that comes to lie beside the database is refused", async (t) => {
  const { path, foreign } = prepared(t);
  const { settled } = await opened(path, () => symlinkSync(foreign, `${path}-shm`));
  assert.ok(settled instanceof ConfigError);
  assert.match(settled.message, /-shm is a link, not a file of brigade's: remove it/);
});

test("a journal that a killed process has left is replaced by SQLite: that is no other file", async (t) => {
  const { path } = prepared(t);
  await leave(path);
  writeFileSync(`${path}-journal`, Buffer.alloc(512));
  const { settled } = await opened(path, () => {
    rmSync(`${path}-journal`);
    writeFileSync(join(path, "..", "other"), ""); // takes the number of the one that is gone
    writeFileSync(`${path}-journal`, Buffer.alloc(512));
  });
  assert.ok(
    typeof settled === "object" && settled !== null && Symbol.asyncDispose in settled,
    String(settled),
  );
  await (settled as AsyncDisposable)[Symbol.asyncDispose]();
});
