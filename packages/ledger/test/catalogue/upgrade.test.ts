import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { silentLog } from "../../../../test/logs.ts";
import { openCatalogue } from "../../src/index.ts";
import { DatabaseSync } from "../../src/sqlite.ts";
import { object, result } from "../messages.ts";
import { all, folder, job } from "../set-up.ts";

/** The first version's tables. */
const first = `
create table origins (n integer primary key, source text not null, fingerprint text not null,
  unique (source, fingerprint)) strict;
create table jobs (n integer primary key, id text not null unique, source text not null, origin integer not null,
  prefix text not null, filters text not null, started_at integer not null, state text not null, closed_at integer) strict;
create unique index one_open_job on jobs (source) where state = 'open';
create table directories (n integer primary key, origin integer not null, path text not null, unique (origin, path)) strict;
create table volumes (n integer primary key, id text not null unique, host text not null, seen_at integer not null) strict;
create table visits (job integer not null, directory integer not null, named integer not null, walk integer,
  pages integer not null, top integer not null, ended integer not null, broken integer not null,
  primary key (job, directory)) strict, without rowid;
create table pages (n integer primary key, job integer not null, id text not null, directory integer not null,
  walk integer, page integer, last integer not null, next text, listed integer not null, listed_bytes integer not null,
  stored integer not null, stored_bytes integer not null, unchanged integer not null, unchanged_bytes integer not null,
  vanished integer not null, vanished_bytes integer not null, failed integer not null, failed_bytes integer not null,
  volumes text, sizes text, outcomes blob not null, unique (job, id)) strict;
create unique index positions on pages (job, directory, walk, page);
create table breaks (job integer not null, directory integer not null, walk integer not null, page integer not null,
  id text not null, reason text not null, primary key (job, directory, walk, page)) strict, without rowid;
create table misses (job integer not null, page integer not null, idx integer not null, outcome integer not null,
  name text not null, bytes integer not null, reason text not null, at integer not null,
  primary key (job, page, idx)) strict, without rowid;
create table objects (directory integer not null, name text not null, volume integer not null, size integer not null,
  modified integer not null, at integer not null, bytes integer, md5 blob, verified integer, path text, etag any,
  primary key (directory, name)) strict, without rowid;
create table copies (directory integer not null, name text not null, volume integer not null, size integer not null,
  modified integer not null, at integer not null, bytes integer, md5 blob, verified integer, path text, etag any,
  primary key (directory, name, volume)) strict, without rowid;
create table totals (job integer primary key, known integer not null, done integer not null, broken integer not null,
  pages integer not null, listed integer not null, listed_bytes integer not null, stored integer not null,
  stored_bytes integer not null, unchanged integer not null, unchanged_bytes integer not null, vanished integer not null,
  vanished_bytes integer not null, failed integer not null, failed_bytes integer not null) strict;
create table volume_totals (job integer not null, volume integer not null, objects integer not null,
  bytes integer not null, primary key (job, volume)) strict, without rowid;
pragma user_version = 1;
`;

/**
 * An open job with one directory; in it two objects, one of them on two volumes, stored under
 * another size.
 */
const content = `
insert into origins values (1, 'photos', 'f1');
insert into jobs values (1, 'job-1', 'photos', 1, '', '{}', 1, 'open', null);
insert into directories values (1, 1, 'a');
insert into volumes values (1, 'vol-a', 'host-1', 5000), (2, 'vol-b', 'host-2', 6000);
insert into objects values (1, 'x', 2, 100, 1100, 60, 70, null, 1, null, null), (1, 'y', 1, 30, 1030, 50, null, null, 1, null, null);
insert into copies values (1, 'x', 1, 100, 1100, 50, null, null, 1, null, null);
`;

async function firstCatalogue(path: string): Promise<void> {
  const db = new DatabaseSync(path);
  db.exec(first);
  db.exec(content);
  db.close();
}

describe("a catalogue of the first version", () => {
  test("is upgraded when it is opened, and answers what lies where", async () => {
    await using own = await folder();
    const path = join(own.path, "c.db");
    await firstCatalogue(path);
    await using catalogue = await openCatalogue({ path, log: silentLog });
    const volumes = await catalogue.questions.volumes();
    assert.deepEqual(
      volumes.map(({ volume, objects, bytes, sources }) => ({ volume, objects, bytes, sources })),
      [
        { volume: "vol-a", objects: 2, bytes: 130, sources: [{ source: "photos", objects: 2, bytes: 130 }] },
        { volume: "vol-b", objects: 1, bytes: 70, sources: [{ source: "photos", objects: 1, bytes: 70 }] },
      ],
    );
    const found = await all(catalogue.questions.where({ prefix: "a/" }));
    assert.deepEqual(
      found.map(({ key, volume, standing }) => [key, volume, standing]),
      [
        ["a/x", "vol-b", "current"],
        ["a/x", "vol-a", "duplicate"],
        ["a/y", "vol-a", "current"],
      ],
    );
    assert.equal((await catalogue.jobs.openOf("photos"))?.id, "job-1");
  });

  test("goes on counting after that, and is not upgraded twice", async () => {
    await using own = await folder();
    const path = join(own.path, "c.db");
    await firstCatalogue(path);
    const upgraded = await openCatalogue({ path, log: silentLog });
    await upgraded[Symbol.asyncDispose]();
    await using catalogue = await openCatalogue({ path, log: silentLog });
    const again = object(0, { name: "y", size: 40 }, "stored");
    const failed = object(1, { name: "z", size: 1 }, "failed");
    await catalogue.recording.record([
      result({ directory: "a", objects: [again] }),
      result({ directory: "a", volume: undefined, objects: [failed] }),
    ]);
    await catalogue.recording.noteVolumes(
      [{ id: "vol-a", host: "host-1", label: "red", free: 1, size: 2 }],
      2_000_000_000_000,
    );
    const [volume] = await catalogue.questions.volumes();
    assert.deepEqual([volume?.label, volume?.objects, volume?.bytes], ["red", 2, 140]);
    assert.equal((await catalogue.jobs.progress(job.id)).stored.objects, 0);
  });
});
