import assert from "node:assert/strict";
import { test } from "node:test";
import { allStored, entries, object, page, result } from "../messages.ts";
import { all } from "../set-up.ts";
import { answering, photos } from "./answering.ts";

/** Three objects stored in `a`, one failed and one vanished in `b`, one stored at the root. */
async function stored() {
  const ledger = await answering();
  const [first, second] = entries(2);
  assert.ok(first !== undefined && second !== undefined);
  await ledger.catalogue.recording.record([
    page({ directory: "a", entries: entries(3) }),
    allStored("a", entries(3)),
    page({ directory: "b", entries: [first, second] }),
    result({
      directory: "b",
      volume: undefined,
      objects: [object(0, first, "failed", { class: "missing" })],
    }),
    result({ directory: "b", volume: undefined, objects: [object(1, second, "vanished")] }),
    page({ directory: "", entries: [first], directories: ["a", "b"] }),
    allStored("", [first]),
  ]);
  return ledger;
}

test("where objects lie is answered as the catalogue does", async () => {
  await using ledger = await stored();
  const { client, catalogue } = ledger;
  for (const query of [
    { key: "a/f1" },
    { prefix: "a/" },
    { prefix: "" },
    { prefix: "", source: "photos" },
    { prefix: "", source: "docs" },
    { key: "a/none & <such>" },
  ]) {
    assert.deepEqual(await all(client.where(query)), await all(catalogue.questions.where(query)));
  }
  assert.equal((await all(client.where({ prefix: "a/" }))).length, 3);
});

test("what is stored is answered directory by directory, and volume by volume", async () => {
  await using ledger = await stored();
  const { client } = ledger;
  assert.deepEqual(await all(client.storedDirectories(photos, "")), ["", "a"]);
  assert.deepEqual(await all(client.storedDirectories(photos, "a")), ["a"]);
  assert.deepEqual(await all(client.storedNames(photos, "a")), [
    { name: "f0", volume: "vol-a", size: 100 },
    { name: "f1", volume: "vol-a", size: 101 },
    { name: "f2", volume: "vol-a", size: 102 },
  ]);
  assert.deepEqual(await all(client.storedNames({ ...photos, fingerprint: "f2" }, "a")), []);
  const [volume] = await client.volumes();
  assert.deepEqual([volume?.volume, volume?.objects, volume?.host], ["vol-a", 4, "host-1"]);
});

test("a listing is held against what is stored", async () => {
  await using ledger = await stored();
  const { client } = ledger;
  const files = [
    { name: "f0", size: 100, modified: 1_100 },
    { name: "f1", size: 999, modified: 1_101 },
    { name: "f9", size: 1, modified: 1 },
  ];
  assert.deepEqual(await client.compare(photos, "a", files), ["unchanged", "changed", "new"]);
  assert.deepEqual(await client.compare(photos, "a", []), []);
});

test("failures are chosen and counted by class and by where they are", async () => {
  await using ledger = await stored();
  const { client } = ledger;
  assert.deepEqual(
    (await all(client.failures("job-1", { class: "missing" }))).map(({ key, class: kind }) => [key, kind]),
    [["b/f0", "missing"]],
  );
  assert.deepEqual(await all(client.failures("job-1", { class: "damaged" })), []);
  assert.deepEqual(await all(client.failures("job-1", { under: "a" })), []);
  assert.deepEqual(await client.failureCounts("job-1", "class"), [
    { name: "missing", objects: 1, bytes: 100 },
  ]);
  assert.deepEqual(await client.failureCounts("job-1", "directory", { under: "b/" }), [
    { name: "b", objects: 1, bytes: 100 },
  ]);
  assert.deepEqual(
    (await all(client.directories("job-1"))).map(({ directory, state }) => [directory, state]),
    [
      ["", "done"],
      ["a", "done"],
      ["b", "done"],
    ],
  );
});

test("the objects of a disk are entered without a job, and removed again", async () => {
  await using ledger = await stored();
  const { client } = ledger;
  const volume = { id: "vol-z", label: "found again", host: "host-9", free: 5, size: 10 };
  const state = { key: "z/one", listedSize: 7, size: 7, modified: 5, storedAt: 6 };
  await client.restore(photos, volume, [state]);
  await client.restore(photos, volume, [state]);
  const [found] = await all(client.where({ key: "z/one" }));
  assert.deepEqual([found?.label, found?.host, found?.size], ["found again", "host-9", 7]);
  assert.equal(await client.forget(photos, "vol-z", ["z/one", "z/two"]), 1);
  assert.deepEqual(await all(client.where({ key: "z/one" })), []);
});

test("the catalogue is copied beside itself", async () => {
  await using ledger = await stored();
  const { path, bytes } = await ledger.client.backup();
  assert.equal(path, `${ledger.path}.backup`);
  assert.ok(bytes > 0);
});

test("failed objects are reopened for a known job only, and by one request at a time", async () => {
  const asked: unknown[] = [];
  const working = Promise.withResolvers<{ objects: number; directories: number }>();
  await using ledger = await answering({
    retry(job, filter) {
      asked.push([job.id, job.source, filter]);
      return working.promise;
    },
  });
  const first = ledger.client.retry("job-1", { class: "missing", under: "b/" });
  while (asked.length === 0) await new Promise(setImmediate);
  await assert.rejects(ledger.client.retry("job-1"), /being retried already/);
  await assert.rejects(ledger.client.retry("nobody"), /no job nobody/);
  working.resolve({ objects: 3, directories: 1 });
  assert.deepEqual(await first, { objects: 3, directories: 1 });
  assert.deepEqual(await ledger.client.retry("job-1"), { objects: 3, directories: 1 });
  assert.deepEqual(asked, [
    ["job-1", "photos", { class: "missing", under: "b/" }],
    ["job-1", "photos", {}],
  ]);
});
