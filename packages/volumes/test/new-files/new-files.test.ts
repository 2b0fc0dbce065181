import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { loadNameless } from "../../src/disk/nameless.ts";
import { NewFiles } from "../../src/new-files/new-files.ts";
import { scratchFolder } from "../scratch.ts";

async function newFiles(t: TestContext, most?: number) {
  const root = scratchFolder(t);
  const folder = join(root, "tmp");
  mkdirSync(folder);
  let last = 0;
  const scratch = () => join(folder, String(++last));
  const nameless = await loadNameless();
  assert.ok(nameless !== undefined, "this system has linkat");
  const files = new NewFiles({ folder, scratch, nameless, most });
  return { root, files, left: () => readdirSync(folder) };
}

test("a new file has no name before it has its place, and no other link then", async (t) => {
  const { root, files, left } = await newFiles(t);
  const file = files.create();
  assert.ok(file.isNameless);
  writeSync(file.descriptor, "bytes");
  assert.deepEqual(left(), []);
  const path = join(root, "photo.jpg");
  file.moveTo(path);
  assert.equal(readFileSync(path, "utf8"), "bytes");
  assert.deepEqual([left(), statSync(path).nlink, statSync(path).mode & 0o777], [[], 1, 0o644]);
  file.remove();
  assert.equal(readFileSync(path, "utf8"), "bytes", "what has its place stays");
});

test("it takes the place of an older file", async (t) => {
  const { root, files, left } = await newFiles(t);
  const path = join(root, "photo.jpg");
  writeFileSync(path, "older");
  const file = files.create();
  writeSync(file.descriptor, "newer");
  file.moveTo(path);
  assert.deepEqual([readFileSync(path, "utf8"), left()], ["newer", []]);
});

test("where a folder lies, it gets another place, or none and is gone", async (t) => {
  const { root, files, left } = await newFiles(t);
  mkdirSync(join(root, "taken"));
  const [placed, dropped] = [files.create(), files.create()];
  for (const file of [placed, dropped])
    assert.throws(() => file.moveTo(join(root, "taken")), { code: "EISDIR" });
  assert.equal(left().length, 2);
  placed.moveTo(join(root, "other"));
  dropped.remove();
  assert.deepEqual([left(), readdirSync(root).sort()], [[], ["other", "taken", "tmp"]]);
});

test("where its folder is gone, that is said, and it can still have a place", async (t) => {
  const { root, files } = await newFiles(t);
  const file = files.create();
  assert.throws(() => file.moveTo(join(root, "gone", "photo.jpg")), { code: "ENOENT" });
  file.moveTo(join(root, "photo.jpg"));
  assert.deepEqual(readdirSync(root).sort(), ["photo.jpg", "tmp"]);
});

test("beyond as many as may be open, files have temporary names", async (t) => {
  const { files, left } = await newFiles(t, 2);
  const made = Array.from({ length: 3 }, () => files.create());
  assert.deepEqual(
    made.map(({ isNameless }) => isNameless),
    [true, true, false],
  );
  made[0]?.remove();
  assert.ok(files.create().isNameless, "one was closed");
  assert.equal(left().length, 1);
});
