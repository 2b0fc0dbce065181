import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { setImmediate as immediate } from "node:timers/promises";
import { HostError } from "@brigade/core";
import { silentLog } from "../../../../test/logs.ts";
import { openStorage } from "../../src/database/storage.ts";
import { type Catalogue, openCatalogue } from "../../src/index.ts";
import { DatabaseSync } from "../../src/sqlite.ts";
import { Backups } from "../../src/thread/backup.ts";
import { allStored, entries, page } from "../messages.ts";
import { all, folder, job, newCatalogue, openJob } from "../set-up.ts";

const listed = entries(500);

/** A directory of 500 objects, listed and stored. */
async function recordDirectory(catalogue: Catalogue, directory: string): Promise<void> {
  await catalogue.recording.record([page({ directory, entries: listed }), allStored(directory, listed)]);
}

async function storedIn(catalogue: Catalogue): Promise<number> {
  return (await catalogue.questions.volumes()).reduce((sum, { objects }) => sum + objects, 0);
}

describe("a backup", () => {
  test("lies beside the catalogue and has the same contents", async () => {
    await using made = await newCatalogue();
    await recordDirectory(made.catalogue, "a");
    const { path, bytes } = await made.catalogue.backup();
    assert.equal(path, `${made.path}.backup`);
    assert.equal(bytes, (await stat(path)).size);
    await using copy = await openCatalogue({ path, log: silentLog });
    assert.deepEqual(await copy.jobs.progress(job.id), await made.catalogue.jobs.progress(job.id));
    assert.deepEqual(
      await all(copy.questions.where({ prefix: "" })),
      await all(made.catalogue.questions.where({ prefix: "" })),
    );
    await recordDirectory(copy, "b");
    assert.equal(await storedIn(copy), 1_000);
  });

  test("is consistent though records go on meanwhile, and they do go on", async () => {
    await using made = await newCatalogue();
    for (let i = 0; i < 60; i++) await recordDirectory(made.catalogue, `before/${i}`);
    let isDone = false;
    const copying = made.catalogue.backup().finally(() => {
      isDone = true;
    });
    let during = 0;
    const recorder = async (name: string) => {
      for (let i = 0; !isDone; i++, during++) await recordDirectory(made.catalogue, `${name}/${i}`);
    };
    await Promise.all([recorder("x"), recorder("y"), recorder("z")]);
    const { path } = await copying;
    assert.ok(during > 3, `${during} directories were recorded meanwhile`);
    assert.equal(await storedIn(made.catalogue), (60 + during) * 500);
    const db = new DatabaseSync(path);
    assert.deepEqual({ ...db.prepare("pragma integrity_check").get() }, { integrity_check: "ok" });
    db.close();
    await using copy = await openCatalogue({ path, log: silentLog });
    const stored = await storedIn(copy);
    assert.ok(stored >= 60 * 500 && stored % 500 === 0, `${stored} objects are in the backup`);
    assert.equal((await copy.jobs.progress(job.id)).stored.objects, stored);
    assert.equal((await all(copy.questions.where({ prefix: "" }))).length, stored);
  });

  test("replaces the one before, and what is left of one that was cut off", async () => {
    await using made = await newCatalogue();
    const left = [`${made.path}.backup.new`, `${made.path}.backup.new-journal`];
    for (const path of left) await writeFile(path, "half a catalogue");
    await made.catalogue.backup();
    await recordDirectory(made.catalogue, "a");
    await made.catalogue.backup();
    await using copy = await openCatalogue({ path: `${made.path}.backup`, log: silentLog });
    assert.equal(await storedIn(copy), 500);
    for (const path of left) await assert.rejects(stat(path), { code: "ENOENT" });
  });

  test("is made once for all requests that come meanwhile", async () => {
    await using made = await newCatalogue();
    const copies = await Promise.all([made.catalogue.backup(), made.catalogue.backup()]);
    assert.deepEqual(copies[0], copies[1]);
  });

  test("that the disk does not accept is the host's fault; the one before stays, and recording goes on", async () => {
    await using made = await newCatalogue();
    await made.catalogue.backup();
    const before = await readFile(`${made.path}.backup`);
    const inTheWay = `${made.path}.backup.new-journal`;
    await mkdir(`${inTheWay}/x`, { recursive: true });
    await assert.rejects(made.catalogue.backup(), HostError);
    await recordDirectory(made.catalogue, "a");
    assert.deepEqual(await readFile(`${made.path}.backup`), before);
    await rm(inTheWay, { recursive: true });
    await made.catalogue.backup();
    await using copy = await openCatalogue({ path: `${made.path}.backup`, log: silentLog });
    assert.equal(await storedIn(copy), 500);
  });

  test("that would begin in the middle of a transaction begins after it", async () => {
    await using own = await folder();
    const path = `${own.path}/c.db`;
    const db = openStorage(path);
    db.exec("begin immediate; insert into directories values (1, 1, 'a')");
    let hasEnded = false;
    const copying = new Backups(db, path).backup().finally(() => {
      hasEnded = true;
    });
    while (!existsSync(`${path}.backup.new`) && !hasEnded) await immediate();
    for (let turn = 0; turn < 100; turn++) await immediate();
    db.exec("commit");
    await copying;
    db.close();
    const copy = openStorage(`${path}.backup`);
    assert.equal(copy.prepare("select path from directories").get()?.path, "a");
    copy.close();
  });

  test("is broken off when the catalogue is closed, and leaves nothing behind", async () => {
    await using own = await folder();
    const path = `${own.path}/c.db`;
    const catalogue = await openCatalogue({ path, log: silentLog });
    await openJob(catalogue);
    for (let i = 0; i < 150; i++) await recordDirectory(catalogue, `${i}`);
    const refused = assert.rejects(catalogue.backup(), /closed/);
    await catalogue[Symbol.asyncDispose]();
    await refused;
    assert.deepEqual(await readdir(own.path), ["c.db"]);
  });
});
