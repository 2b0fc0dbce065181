import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { HostError, SourceError } from "@brigade/core";
import { manifestOf, openNew } from "../open-volume.ts";
import { bytesOf, md5Of, modified, newObject } from "../scratch.ts";

const durabilities = ["group", "file", "none"] as const;

for (const durability of durabilities) {
  test(`stores objects whole, dated and entered in the manifest (${durability})`, async (t) => {
    const { root, volume } = await openNew(t, durability);
    const before = Date.now();
    const bytes = bytesOf("hello");
    const stored = await Promise.all([
      volume.put(
        newObject("a/b/hello.txt", { expectedSize: 5, expectedMd5: md5Of("hello"), etag: "e" }),
        bytes,
      ),
      volume.put(newObject("a/empty", { variant: "!s400" }), bytesOf("")),
      volume.put(newObject("odd%~name"), bytesOf("odd")),
    ]);
    const lines = await manifestOf(root);
    const [{ storedAt } = { storedAt: 0 }] = lines;
    assert.ok(storedAt >= before && storedAt <= Date.now());
    assert.deepEqual(stored, [
      { size: 5, md5: md5Of("hello"), verified: true, storedAt },
      { size: 0, md5: md5Of(""), verified: false, storedAt },
      { size: 3, md5: md5Of("odd"), verified: false, storedAt, path: "odd%~25~~name" },
    ]);
    const path = join(root, "photos/a/b/hello.txt");
    assert.equal(readFileSync(path, "utf8"), "hello");
    assert.equal(statSync(path).mtimeMs / 1000, modified);
    assert.equal(readFileSync(join(root, "photos/odd%~25~~name"), "utf8"), "odd");
    const [first, second, third] = lines;
    assert.deepEqual(first, {
      source: "photos",
      key: "a/b/hello.txt",
      listedSize: 5,
      size: 5,
      md5: md5Of("hello"),
      verified: true,
      modified,
      etag: "e",
      storedAt,
      job: "job-1",
    });
    assert.equal(second?.variant, "!s400");
    assert.equal(third?.path, "odd%~25~~name");
  });
}

test("accepts more objects at once than may wait for their fsync", async (t) => {
  const { root, volume, close } = await openNew(t, "file");
  const keys = Array.from({ length: 1300 }, (_, index) => `${index % 3}/${index}`);
  const puts = Promise.all(keys.map((key) => volume.put(newObject(key), bytesOf(key))));
  await close();
  assert.deepEqual(
    (await puts).map(({ md5 }) => md5),
    keys.map((key) => md5Of(key)),
  );
  assert.equal((await manifestOf(root)).length, keys.length);
});

test("streams a large object, hashing what it writes", async (t) => {
  const { root, volume } = await openNew(t);
  const chunk = new Uint8Array(300_000).fill(7);
  const whole = new Uint8Array(9 * chunk.length).fill(7);
  const sink = await volume.open(newObject("big", { expectedSize: whole.length, expectedMd5: md5Of(whole) }));
  for (let part = 0; part < 9; part += 1) await sink.write(chunk);
  assert.equal(chunk.length, 300_000, "the chunk stays the caller's");
  assert.equal(existsSync(join(root, "photos/big")), false);
  const { storedAt, ...stored } = await sink.finish();
  assert.deepEqual(stored, { size: whole.length, md5: md5Of(whole), verified: true });
  assert.ok(storedAt > 0);
  assert.deepEqual(new Uint8Array(readFileSync(join(root, "photos/big"))), whole);
});

test("leaves nothing of objects that are damaged, aborted or abandoned", async (t) => {
  const { root, volume, close } = await openNew(t);
  const damaged = (error: unknown) => error instanceof SourceError && error.kind === "damaged";
  await assert.rejects(volume.put(newObject("x", { expectedSize: 6 }), bytesOf("12345")), damaged);
  await assert.rejects(volume.put(newObject("x", { expectedMd5: md5Of("no") }), bytesOf("12345")), damaged);
  const short = await volume.open(newObject("y", { expectedSize: 6 }));
  await short.write(bytesOf("12345"));
  await assert.rejects(short.finish(), /y: 5 bytes came, 6 were expected/);
  const aborted = await volume.open(newObject("z"));
  await aborted.write(bytesOf("12345"));
  await aborted.abort();
  const forgotten = await volume.open(newObject("w"));
  await forgotten.write(bytesOf("12345"));
  assert.equal(readdirSync(join(root, ".brigade/tmp/here")).length, 2, "the lock and the forgotten one");
  await close();
  assert.deepEqual(readdirSync(join(root, "photos")), []);
  assert.deepEqual(readdirSync(join(root, ".brigade/tmp")), []);
  assert.deepEqual(await manifestOf(root), []);
});

test("replaces an object that is stored again", async (t) => {
  const { root, volume } = await openNew(t);
  await volume.put(newObject("a"), bytesOf("old"));
  await volume.put(newObject("a"), bytesOf("newer"));
  assert.equal(readFileSync(join(root, "photos/a"), "utf8"), "newer");
  assert.deepEqual(
    (await manifestOf(root)).map(({ size }) => size),
    [3, 5],
  );
});

test("returns what has a file in its place, or had one that was moved aside, whatever it is", async (t) => {
  const { root, volume } = await openNew(t);
  await volume.put(newObject("a/here"), bytesOf("12345"));
  truncateSync(join(root, "photos/a/here"), 2);
  mkdirSync(join(root, ".brigade/damaged/photos/a"), { recursive: true });
  writeFileSync(join(root, ".brigade/damaged/photos/a/aside"), "x");
  const keys = ["a/here", "a/aside", "a/other", "a", "b/c", "../photos/a/here", ""];
  assert.deepEqual(await volume.holds("photos", keys), [true, true, false, false, false, false, false]);
  assert.deepEqual(await volume.holds("films", ["a/here"]), [false]);
});

test("adopts what lies there whole, and only that", async (t) => {
  const { root, volume } = await openNew(t);
  const lay = (name: string, text: string, seconds: number) => {
    writeFileSync(join(root, "photos", name), text);
    utimesSync(join(root, "photos", name), seconds, seconds);
  };
  mkdirSync(join(root, "photos/folder"), { recursive: true });
  lay("right", "12345", modified);
  lay("old", "12345", modified - 1);
  lay("long", "123456", modified);
  lay("wrong", "54321", modified);
  const adopted = await volume.adopt([
    newObject("right", { expectedSize: 5, expectedMd5: md5Of("12345") }),
    newObject("old", { expectedSize: 5 }),
    newObject("long", { expectedSize: 5 }),
    newObject("long"),
    newObject("wrong", { expectedMd5: md5Of("12345") }),
    newObject("absent"),
    newObject("folder"),
    newObject("a/../b"),
  ]);
  const lines = await manifestOf(root);
  const [{ storedAt } = { storedAt: 0 }] = lines;
  assert.deepEqual(adopted, [
    { size: 5, md5: md5Of("12345"), verified: true, storedAt },
    undefined,
    undefined,
    { size: 6, md5: md5Of("123456"), verified: false, storedAt: lines[1]?.storedAt },
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  assert.deepEqual(
    lines.map(({ key }) => key),
    ["right", "long"],
  );
  const present = await volume.present("photos", [
    { path: "right", size: 5 },
    { path: "right", size: 6 },
    { path: "folder", size: 0 },
    { path: "right/below", size: 5 },
    { path: "../.brigade/volume.json", size: statSync(join(root, ".brigade/volume.json")).size },
  ]);
  assert.deepEqual(present, [true, false, false, false, false]);
});

test("a volume that was closed accepts nothing", async (t) => {
  const { volume, close } = await openNew(t);
  await close();
  await assert.rejects(volume.put(newObject("a"), bytesOf("1")), HostError);
});

test("reports the room of its disk", async (t) => {
  const { volume } = await openNew(t);
  const room = await volume.room();
  assert.ok(room.bytes > 0 && room.bytes <= room.totalBytes);
  assert.ok(room.inodes > 0 && room.inodes <= room.totalInodes);
});

test("probes the traits of its file system", async (t) => {
  const { root } = await openNew(t);
  const { traits } = JSON.parse(readFileSync(join(root, ".brigade/volume.json"), "utf8"));
  assert.deepEqual(traits, { caseSensitive: true, anyCharacter: true, nameMax: 255 });
});
