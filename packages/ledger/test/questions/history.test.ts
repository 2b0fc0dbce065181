import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { entries, object, page, pageId, result } from "../messages.ts";
import { job, newCatalogue, openJob } from "../set-up.ts";

const entry = { name: "cat.jpg", size: 100 };
const file = { name: "cat.jpg", size: 100, modified: 1_100 };
const etag = "0123456789abcdef0123456789abcdef";

describe("a file", () => {
  test("is unchanged when its last stored state has the listed size and modification time", async () => {
    await using made = await newCatalogue();
    await made.catalogue.recording.record([
      result({ directory: "a", objects: [object(0, entry, "stored")] }),
    ]);
    const files = [
      file,
      { ...file, size: 101 },
      { ...file, modified: 1_101 },
      { ...file, name: "dog.jpg" },
      { ...file, etag },
      file,
    ];
    assert.deepEqual(await made.catalogue.history.unchanged(job, "a", files), [
      true,
      false,
      false,
      false,
      true,
      true,
    ]);
    assert.deepEqual(await made.catalogue.history.unchanged(job, "b", files.slice(0, 1)), [false]);
  });

  test("is unchanged only with the same etag where both have one", async () => {
    for (const stored of [etag, '"not-a-hash"']) {
      await using made = await newCatalogue();
      await made.catalogue.recording.record([
        result({ directory: "a", objects: [object(0, entry, "stored", { etag: stored })] }),
      ]);
      const files = [{ ...file, etag: stored }, { ...file, etag: "other" }, file];
      assert.deepEqual(await made.catalogue.history.unchanged(job, "a", files), [true, false, true]);
    }
  });

  test("is compared by its MD5 where the listing begins to have that in place of something else", async () => {
    await using made = await newCatalogue();
    const stored = object(0, entry, "stored", { etag: "url:something", md5: etag });
    await made.catalogue.recording.record([result({ directory: "a", objects: [stored] })]);
    const files = [
      { ...file, etag },
      { ...file, etag: "f".repeat(32) },
      { ...file, etag: "url:other" },
    ];
    assert.deepEqual(await made.catalogue.history.unchanged(job, "a", files), [true, false, false]);
  });

  test("is unchanged where the listing lacks what it would be compared by", async () => {
    await using made = await newCatalogue();
    const unsized = object(1, { ...entry, name: "unsized" }, "stored", { listedSize: 0, size: 77 });
    await made.catalogue.recording.record([
      result({ directory: "a", objects: [object(0, entry, "stored"), unsized] }),
    ]);
    const files = [
      { name: file.name },
      { name: file.name, size: file.size },
      { name: file.name, size: 101 },
      { name: "unsized", size: 77 },
      { name: "unsized", size: 78 },
      { name: "never stored" },
    ];
    assert.deepEqual(await made.catalogue.history.unchanged(job, "a", files), [
      true,
      true,
      false,
      true,
      false,
      false,
    ]);
  });

  test("is new to another source and to the same source configured otherwise", async () => {
    await using made = await newCatalogue();
    await made.catalogue.recording.record([
      result({ directory: "a", objects: [object(0, entry, "stored")] }),
    ]);
    assert.deepEqual(await made.catalogue.history.unchanged({ ...job, source: "films" }, "a", [file]), [
      false,
    ]);
    assert.deepEqual(await made.catalogue.history.unchanged({ ...job, fingerprint: "f2" }, "a", [file]), [
      false,
    ]);
  });

  test("is unchanged in the next job of the source", async () => {
    await using made = await newCatalogue();
    await made.catalogue.recording.record([
      result({ directory: "a", objects: [object(0, entry, "stored")] }),
    ]);
    await made.catalogue.jobs.close(job.id, "complete");
    await openJob(made.catalogue, "job-2");
    assert.deepEqual(await made.catalogue.history.unchanged(job, "a", [file]), [true]);
  });

  test("that failed or vanished is not unchanged", async () => {
    await using made = await newCatalogue();
    await made.catalogue.recording.record([
      result({
        directory: "a",
        volume: undefined,
        objects: [object(0, entry, "failed"), object(1, { ...entry, name: "b" }, "vanished")],
      }),
    ]);
    assert.deepEqual(await made.catalogue.history.unchanged(job, "a", [file, { ...file, name: "b" }]), [
      false,
      false,
    ]);
  });

  test("is returned with volume, path, size on disk and MD5", async () => {
    await using made = await newCatalogue();
    const objects = [
      object(0, entry, "stored"),
      object(1, { ...entry, name: "con" }, "stored", { size: 70, path: "a/~con", md5: etag }),
    ];
    await made.catalogue.recording.record([result({ directory: "a", objects })]);
    const places = await made.catalogue.history.stored(job, "a", [file, { ...file, name: "con" }]);
    assert.deepEqual(places, [
      { volume: "vol-a", path: "a/cat.jpg", size: 100, md5: objects[0]?.md5 },
      { volume: "vol-a", path: "a/~con", size: 70, md5: etag },
    ]);
  });

  test("lies where it was stored last, whatever order the reports come in", async () => {
    const first = result({
      directory: "a",
      volume: "vol-a",
      at: 5_000_000,
      objects: [object(0, entry, "stored")],
    });
    const newer = object(0, entry, "stored", { listedSize: 90, size: 90, modified: 2_000 });
    const second = result({ directory: "a", volume: "vol-b", at: 9_000_000, objects: [newer] });
    for (const messages of [
      [first, second],
      [second, first],
      [first, second, first],
    ]) {
      await using made = await newCatalogue();
      await made.catalogue.recording.record(messages);
      const [old, now] = await made.catalogue.history.stored(job, "a", [
        file,
        { ...file, size: 90, modified: 2_000 },
      ]);
      assert.equal(old, undefined);
      assert.equal(now?.volume, "vol-b");
    }
  });
});

describe("a position", () => {
  test("is recorded once its page is committed, with where the next page starts", async () => {
    await using made = await newCatalogue();
    const at = { job: job.id, directory: "a", walk: 0, page: 1 };
    const next = { directory: "a", walk: 0, page: 2, cursor: "c2", landmark: "c1" };
    assert.equal(await made.catalogue.history.recorded(at), undefined);
    await made.catalogue.recording.record([page({ directory: "a", end: "more", next, entries: entries(2) })]);
    assert.deepEqual(await made.catalogue.history.recorded(at), { id: pageId("a"), end: "more", next });
    assert.equal(await made.catalogue.history.recorded({ ...at, page: 2 }), undefined);
    assert.equal(await made.catalogue.history.recorded({ ...at, walk: 1 }), undefined);
    assert.equal(await made.catalogue.history.recorded({ ...at, job: "job-2" }), undefined);
  });

  test("is recorded as failed until it is listed after all", async () => {
    await using made = await newCatalogue();
    const at = { job: job.id, directory: "a", walk: 0, page: 1 };
    await made.catalogue.recording.record([
      page({ directory: "a", id: "none", end: "failed", reason: "503" }),
    ]);
    assert.deepEqual(await made.catalogue.history.recorded(at), { id: "none", end: "failed" });
    await made.catalogue.recording.record([page({ directory: "a" })]);
    assert.deepEqual(await made.catalogue.history.recorded(at), { id: pageId("a"), end: "last" });
  });

  test("is not recorded by a result that comes before its page", async () => {
    await using made = await newCatalogue();
    await made.catalogue.recording.record([
      result({ directory: "a", objects: [object(0, entry, "stored")] }),
    ]);
    assert.equal(
      await made.catalogue.history.recorded({ job: job.id, directory: "a", walk: 0, page: 1 }),
      undefined,
    );
  });
});
