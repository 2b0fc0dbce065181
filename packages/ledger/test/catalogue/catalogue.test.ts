import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { FatalError, HostError } from "@brigade/core";
import { silentLog } from "../../../../test/logs.ts";
import { openStorage, translate } from "../../src/database/storage.ts";
import { JobOpenError, openCatalogue } from "../../src/index.ts";
import { DatabaseSync } from "../../src/sqlite.ts";
import { entries, object, page, pageId, result } from "../messages.ts";
import { all, folder, job, newCatalogue, openJob } from "../set-up.ts";

describe("a catalogue", () => {
  test("is had by one at a time, and by the next when that one ends", async () => {
    await using own = await folder();
    const path = join(own.path, "catalogue.db");
    const first = await openCatalogue({ path, log: silentLog });
    await openJob(first);
    await assert.rejects(openCatalogue({ path, log: silentLog }), (error) => {
      assert.ok(error instanceof FatalError);
      assert.match(error.message, /in use by another process/);
      return true;
    });
    await first[Symbol.asyncDispose]();
    await using second = await openCatalogue({ path, log: silentLog });
    assert.equal((await second.jobs.openOf("photos"))?.id, job.id);
  });

  test("refuses a file that is something else, and one of a later version", async () => {
    await using own = await folder();
    const path = join(own.path, "notes.txt");
    await writeFile(path, "not a database, but long enough to be one ".repeat(100));
    await assert.rejects(openCatalogue({ path, log: silentLog }), /damaged.*If the catalogue is lost/);
    const later = join(own.path, "later.db");
    const db = new DatabaseSync(later);
    db.exec("pragma user_version = 99");
    db.close();
    await assert.rejects(openCatalogue({ path: later, log: silentLog }), /version 99/);
  });

  test("is not opened where its folder is missing, with a reason in words", async () => {
    await using own = await folder();
    await assert.rejects(
      openCatalogue({ path: join(own.path, "no", "c.db"), log: silentLog }),
      /cannot be opened/,
    );
  });

  test("reports a full disk as the host's fault", async () => {
    await using own = await folder();
    const db = openStorage(join(own.path, "catalogue.db"));
    db.exec("pragma max_page_count = 100");
    const insert = db.prepare("insert into directories (origin, path) values (1, ?)");
    try {
      assert.throws(
        () => {
          for (let i = 0; i < 10_000; i++) insert.run(`${i}`.repeat(100));
        },
        (error) => {
          const translated = translate(error, "c.db");
          assert.ok(translated instanceof HostError);
          assert.equal(translated.kind, "full");
          return true;
        },
      );
    } finally {
      db.close();
    }
  });

  test("answers nothing any more once it is disposed", async () => {
    await using own = await folder();
    const catalogue = await openCatalogue({ path: join(own.path, "c.db"), log: silentLog });
    await catalogue[Symbol.asyncDispose]();
    await assert.rejects(catalogue.jobs.all(), /closed/);
    await catalogue[Symbol.asyncDispose]();
  });

  test("keeps what was recorded before it was disposed", async () => {
    await using own = await folder();
    const path = join(own.path, "c.db");
    const first = await openCatalogue({ path, log: silentLog });
    await openJob(first);
    const told = first.recording.record([page({ directory: "", entries: entries(3) })]);
    await first[Symbol.asyncDispose]();
    await told;
    await using second = await openCatalogue({ path, log: silentLog });
    assert.equal((await second.jobs.progress(job.id)).listed.objects, 3);
  });
});

describe("a job", () => {
  test("is refused while one of its source is open, whatever the fingerprint", async () => {
    await using made = await newCatalogue();
    const other = { ...job, id: "job-2", fingerprint: "f2", prefix: "", filters: {}, startedAt: 2 };
    await assert.rejects(made.catalogue.jobs.open(other), JobOpenError);
    await made.catalogue.jobs.open({ ...other, source: "films" });
    await made.catalogue.jobs.close(job.id, "cancelled");
    await made.catalogue.jobs.open({ ...other, id: "job-3" });
    const states = (await made.catalogue.jobs.all()).map(({ id, state }) => [id, state]);
    assert.deepEqual(states, [
      [job.id, "cancelled"],
      ["job-2", "open"],
      ["job-3", "open"],
    ]);
  });

  test("is kept with prefix and filters, and its walk starts at the prefix", async () => {
    await using made = await newCatalogue();
    const filters = { include: ["*.jpg"], minSize: 10 };
    const films = { ...job, id: "job-2", source: "films", prefix: "2019/05", filters, startedAt: 7 };
    await made.catalogue.jobs.open(films);
    assert.deepEqual(await made.catalogue.jobs.openOf("films"), { ...films, state: "open" });
    const { holes } = await made.catalogue.questions.proof("job-2");
    assert.deepEqual(holes.directories.examples, [{ directory: "2019/05", missing: [{ from: 1, to: 1 }] }]);
  });

  test("that is closed keeps its first state and accepts late records", async () => {
    await using made = await newCatalogue();
    await made.catalogue.jobs.close(job.id, "incomplete");
    await made.catalogue.jobs.close(job.id, "complete");
    assert.equal((await made.catalogue.jobs.all())[0]?.state, "incomplete");
    assert.deepEqual(await made.catalogue.recording.record([page({ directory: "" })]), [undefined]);
    assert.equal((await made.catalogue.questions.proof(job.id)).complete, true);
  });

  test("that the catalogue does not have is refused", async () => {
    await using made = await newCatalogue();
    await assert.rejects(made.catalogue.jobs.progress("job-9"), /no job job-9/);
    await assert.rejects(all(made.catalogue.questions.failures("job-9")), /no job job-9/);
  });
});

describe("a message", () => {
  const listed = entries(2);
  const first = object(0, { name: "f0", size: 100 }, "stored");

  test("of an unknown job, another source or another fingerprint is refused with a reason", async () => {
    await using made = await newCatalogue();
    const told = page({ directory: "" });
    const refusals = await made.catalogue.recording.record([
      { ...told, job: { ...job, id: "job-9" } },
      { ...told, job: { ...job, source: "films" } },
      { ...told, job: { ...job, fingerprint: "f2" } },
      told,
    ]);
    assert.match(refusals[0] ?? "", /no job job-9/);
    assert.match(refusals[1] ?? "", /of photos \(f1\), not of films \(f1\)/);
    assert.match(refusals[2] ?? "", /not of photos \(f2\)/);
    assert.equal(refusals[3], undefined);
    assert.equal((await made.catalogue.jobs.progress(job.id)).pages, 1);
  });

  test("that contradicts itself or what is recorded is refused, and nothing of it is entered", async () => {
    await using made = await newCatalogue();
    await made.catalogue.recording.record([page({ directory: "", entries: listed })]);
    const before = await made.catalogue.questions.proof(job.id);
    const at = { directory: "", objects: [first] };
    const refusals = await made.catalogue.recording.record([
      result({ ...at, volume: undefined }),
      result(at, { directory: "", objects: [{ ...first, index: 2 }] }),
      result({ ...at, objects: [{ ...first, md5: "short" }] }),
      result({ ...at, directory: "b", id: pageId("") }),
      result({ ...at, directory: "c", objects: [{ ...first, index: 2 ** 40 }] }),
      page({ directory: "b", id: pageId("") }),
    ]);
    const expected = [
      /on no volume/,
      /no entry 2/,
      /MD5/,
      /another directory/,
      /no entry/,
      /another position/,
    ];
    expected.forEach((reason, i) => {
      assert.match(refusals[i] ?? "", reason);
    });
    assert.deepEqual(await made.catalogue.questions.proof(job.id), before);
  });
});

describe("a message that breaks the transaction it is in", () => {
  test("is refused alone; what came with it is entered once", async () => {
    await using made = await newCatalogue();
    const listed = entries(3);
    const [f0, f1, f2] = listed.map((entry, i) => object(i, entry, "stored"));
    assert.ok(f0 && f1 && f2);
    const refusals = await made.catalogue.recording.record([
      page({ directory: "a", entries: listed }),
      result({ directory: "a", objects: [f0] }),
      result({ directory: "a", objects: [f1, { ...f2, modified: 1.5 }] }),
      result({ directory: "a", objects: [f2] }),
    ]);
    assert.deepEqual(
      refusals.map((refusal) => refusal !== undefined),
      [false, false, true, false],
    );
    const proof = await made.catalogue.questions.proof(job.id);
    assert.deepEqual(proof.holes.pages.examples[0]?.indexes, [1]);
    assert.deepEqual((await made.catalogue.jobs.progress(job.id)).stored, proof.stored);
    assert.equal(proof.stored.objects, 2);
  });
});

describe("failed and vanished objects", () => {
  test("are listed by key with reason and time, as long as nothing better is reported", async () => {
    await using made = await newCatalogue();
    const listed = entries(4);
    const [f0, f1, f2, f3] = listed.map((entry, i) => object(i, entry, i === 3 ? "vanished" : "failed"));
    assert.ok(f0 && f1 && f2 && f3);
    await made.catalogue.recording.record([
      page({ directory: "a", entries: listed }),
      result({ directory: "a", volume: undefined, at: 50, objects: [f0, f1, f2, f3] }),
      result({ directory: "a", volume: undefined, at: 60, objects: [{ ...f0, reason: "again" }] }),
      result({ directory: "a", at: 70, objects: [object(1, { name: "f1", size: 101 }, "stored")] }),
      result({ directory: "a", volume: undefined, at: 80, objects: [{ ...f2, outcome: "vanished" }] }),
    ]);
    assert.deepEqual(await all(made.catalogue.questions.failures(job.id)), [
      { key: "a/f0", reason: "again", class: "unknown", at: 60 },
    ]);
    const vanished = await all(made.catalogue.questions.vanished(job.id));
    assert.deepEqual(
      vanished.map(({ key }) => key),
      ["a/f2", "a/f3"],
    );
  });

  test("may have any name that a listing can hold", async () => {
    await using made = await newCatalogue();
    const names = ["..", "a\0b", "\u00e4", "\u{1f600}", "a/b", "'; drop table misses", "\ufffd"];
    const listed = names.map((name, i) => ({ name, size: i }));
    await made.catalogue.recording.record([
      page({ directory: "a", entries: listed }),
      result({
        directory: "a",
        volume: undefined,
        objects: listed.map((entry, i) => object(i, entry, "failed")),
      }),
    ]);
    const keys = (await all(made.catalogue.questions.failures(job.id))).map(({ key }) => key);
    assert.deepEqual(
      keys,
      names.map((name) => `a/${name}`),
    );
  });

  test("are listed whole when there are many", async () => {
    await using made = await newCatalogue();
    const listed = entries(1_300);
    const objects = listed.map((entry, i) => object(i, entry, "failed"));
    await made.catalogue.recording.record([
      page({ directory: "a", entries: listed }),
      result({ directory: "a", volume: undefined, objects }),
    ]);
    const keys = (await all(made.catalogue.questions.failures(job.id))).map(({ key }) => key);
    assert.deepEqual(
      keys,
      listed.map(({ name }) => `a/${name}`),
    );
  });
});
