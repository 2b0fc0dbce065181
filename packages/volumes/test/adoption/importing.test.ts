import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { manifestOf, openNew } from "../open-volume.ts";
import { bytesOf, newObject, scratchFolder } from "../scratch.ts";

const helloMd5 = "5d41402abc4b2a76b9719d911017c592";

function lay(path: string, text: string, modified = 5): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  utimesSync(path, modified, modified);
  return path;
}

/** An object of five bytes, modified at 1000, that may lie at `from`. */
function wanted(key: string, from: string, more: object = {}) {
  return { ...newObject(key), modified: 1_000, listedSize: 5, expectedSize: 5, from, ...more };
}

test("what has the size and MD5 of the object moves into its place, dated and entered; nothing of it stays behind", async (t) => {
  const { root, volume } = await openNew(t);
  const from = lay(join(root, "old", "a", "x"), "hello");
  const [imported] = await volume.import([wanted("a/x", from, { expectedMd5: helloMd5 })]);
  assert.ok(typeof imported === "object");
  assert.deepEqual([imported.size, imported.md5, imported.verified], [5, helloMd5, true]);
  const place = join(root, newObject("a/x").source, "a", "x");
  assert.equal(readFileSync(place, "utf8"), "hello");
  assert.equal(statSync(place).mtimeMs, 1_000_000);
  assert.equal(existsSync(from), false);
  assert.deepEqual(
    (await manifestOf(root)).map(({ key, md5, storedAt }) => [key, md5, storedAt]),
    [["a/x", helloMd5, imported.storedAt]],
  );
  const [again] = await volume.import([wanted("a/x", from)]);
  assert.ok(typeof again === "object" && again.md5 === helloMd5, "it is found in its place");
});

test("what differs, what is no plain file, and what would replace another file stays untouched", async (t) => {
  const { root, volume } = await openNew(t);
  const old = (name: string) => join(root, "old", name);
  lay(old("short"), "hell");
  lay(old("other"), "HELLO");
  lay(old("real"), "hello");
  symlinkSync(old("real"), old("link"));
  lay(old("late"), "hello");
  lay(join(root, newObject("late").source, "late"), "there");
  const imported = await volume.import([
    wanted("short", old("short")),
    wanted("other", old("other"), { expectedMd5: helloMd5 }),
    wanted("link", old("link")),
    wanted("late", old("late")),
    wanted("missing", old("missing")),
    wanted("a//b", old("real")),
    wanted("../b", old("real")),
  ]);
  assert.deepEqual(imported, [
    "different",
    "different",
    undefined,
    "different",
    undefined,
    undefined,
    undefined,
  ]);
  for (const name of ["short", "other", "real", "late"])
    assert.equal(statSync(old(name)).mtimeMs, 5_000, name);
  assert.equal(readFileSync(join(root, newObject("late").source, "late"), "utf8"), "there");
  assert.deepEqual(await manifestOf(root), []);
});

test("nothing is imported through a link in the tree, nor out of another object's place", async (t) => {
  const { root, volume } = await openNew(t);
  const outside = lay(join(scratchFolder(t), "x"), "hello");
  mkdirSync(join(root, "old"));
  symlinkSync(dirname(outside), join(root, "old", "a"));
  assert.deepEqual(await volume.import([wanted("a/x", join(root, "old", "a", "x"))]), [undefined]);
  assert.ok(existsSync(outside));
  const { path = "" } = await volume.put(newObject("x%~y"), bytesOf("hello"));
  const place = join(root, newObject("x").source, path);
  assert.deepEqual(await volume.import([wanted(path, place)]), [undefined]);
  assert.equal(readFileSync(place, "utf8"), "hello");
});

test("a tree whose folder is named by way of a link, or that has names which are mapped, is imported", async (t) => {
  const { root, volume } = await openNew(t);
  lay(join(root, "old", "x%~y"), "hello");
  symlinkSync(join(root, "old"), join(root, "alias"));
  const [imported] = await volume.import([wanted("x%~y", join(root, "alias", "x%~y"))]);
  assert.ok(typeof imported === "object" && imported.path !== undefined);
  assert.equal(readFileSync(join(root, newObject("x").source, imported.path), "utf8"), "hello");
});

test("a tree that lies in its place already is dated and entered where it is", async (t) => {
  const { root, volume } = await openNew(t);
  const from = lay(join(root, newObject("x").source, "x"), "hello");
  const [imported] = await volume.import([wanted("x", from)]);
  assert.ok(typeof imported === "object");
  assert.equal(statSync(from).mtimeMs, 1_000_000);
  assert.equal((await manifestOf(root)).length, 1);
});

test("a tree on another file system, of another source or of another volume is refused, and says why", async (t) => {
  const { root, volume } = await openNew(t);
  const elsewhere = lay("/dev/shm/brigade-taking/x", "hello");
  t.after(() => rmSync(dirname(elsewhere), { recursive: true }));
  await assert.rejects(volume.import([wanted("x", elsewhere)]), /another disk/);
  const other = await openNew(t);
  const foreign = lay(join(other.root, "tree", "x"), "hello");
  await assert.rejects(volume.import([wanted("x", foreign)]), /another volume/);
  await volume.bind("films", "f");
  const film = lay(join(root, "films", "x"), "hello");
  await assert.rejects(volume.import([wanted("x", film)]), /source "films"/);
  assert.ok([elsewhere, foreign, film].every((path) => existsSync(path)));
});
