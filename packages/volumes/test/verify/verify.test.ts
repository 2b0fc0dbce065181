import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ConfigError } from "@brigade/core";
import { formatLostLine, formatManifestLine } from "../../src/manifest/manifest-line.ts";
import { md5Of, modified, newObject, scratchFolder } from "../scratch.ts";
import {
  appendToManifest,
  contentOf,
  damage,
  firstSegment,
  manyKeys,
  storeOn,
  verified,
  volumeOf,
} from "./verified.ts";

const nothing = { missing: 0, size: 0, md5: 0, unreadable: 0, extra: 0 };

test("a disk as it was stored has no differences, and nothing is left behind", async (t) => {
  const keys = [...manyKeys(1500), "odd%~name", "a", "a/b", `${"n".repeat(400)}/x`, "empty"];
  const root = await volumeOf(t, keys);
  writeFileSync(join(root, "notes.txt"), "not ours");
  mkdirSync(join(root, "other"));
  writeFileSync(join(root, "other/file"), "not ours either");
  const before = readdirSync(join(root, ".brigade")).sort();
  const atime = statSync(join(root, "photos/0/0.jpg")).atimeMs;
  const progress: number[] = [];
  const { summary, told } = await verified(root, { onProgress: ({ files }) => progress.push(files) });
  assert.deepEqual(told, []);
  const bytes = keys.reduce((sum, key) => sum + contentOf(key).length, 0);
  assert.deepEqual(summary, { files: keys.length, bytes, problems: nothing, badLines: 0 });
  assert.equal(progress.at(-1), keys.length);
  assert.deepEqual(readdirSync(join(root, ".brigade")).sort(), before);
  assert.equal(statSync(join(root, "photos/0/0.jpg")).atimeMs, atime, "not even a time of access is written");
});

test("finds exactly what is deleted, damaged, cut, too much or a link", async (t) => {
  const keys = manyKeys(1000);
  const root = await volumeOf(t, keys);
  const outside = scratchFolder(t);
  const [deleted, damaged] = [keys.slice(10, 15), keys.slice(500, 505)];
  for (const key of deleted) rmSync(join(root, "photos", key));
  for (const key of damaged) damage(root, key);
  const [cut = "", link = "", pipe = ""] = keys.slice(900);
  truncateSync(join(root, "photos", cut), 4);
  renameSync(join(root, "photos", link), join(outside, "target"));
  symlinkSync(join(outside, "target"), join(root, "photos", link));
  rmSync(join(root, "photos", pipe));
  mkdirSync(join(root, "photos", pipe));
  writeFileSync(join(root, "photos/0/extra"), "12345");
  mkdirSync(join(root, "photos/new/er"), { recursive: true });
  writeFileSync(join(root, "photos/new/er/%~ffffff~"), "1");
  const { summary, differences, told } = await verified(root);
  assert.deepEqual(
    told,
    [
      ...[...deleted, link, pipe].map((key) => `missing photos/${key}`),
      ...damaged.map((key) => `md5 photos/${key}`),
      `size photos/${cut}`,
      "extra photos/0/extra",
      "extra photos/new/er/%~ffffff~",
    ].sort(),
  );
  assert.deepEqual(summary.problems, { ...nothing, missing: 7, md5: 5, size: 1, extra: 2 });
  const [key = ""] = damaged;
  const { at, storedAt, ...difference } = differences.find(({ path }) => path === key) ?? { at: 0 };
  assert.ok(at > 0 && storedAt !== undefined && storedAt <= at);
  assert.deepEqual(difference, {
    source: "photos",
    key,
    path: key,
    problem: "md5",
    expected: { size: contentOf(key).length, md5: md5Of(contentOf(key)) },
    found: { size: contentOf(key).length, md5: differences.find(({ path }) => path === key)?.found?.md5 },
    modified,
    listedSize: 5,
  });
  const extra = differences.find(({ path }) => path === "0/extra");
  assert.deepEqual([extra?.key, extra?.found], [undefined, { size: 5 }]);
});

test("reports a file and a folder whose names are not UTF-8, beside ones of U+FFFD", async (t) => {
  const root = await volumeOf(t, ["\ufffd.jpg", "\ufffd/a"]);
  const other = (text: string) =>
    Buffer.concat([Buffer.from(`${root}/photos/`), Buffer.from([0xe9]), Buffer.from(text)]);
  writeFileSync(other(".jpg"), "");
  mkdirSync(other(""));
  writeFileSync(other("/a"), "");
  const { summary, told } = await verified(root);
  assert.equal(summary.files, 2);
  assert.deepEqual(told, ["extra photos/\\xE9.jpg", "unreadable photos/\\xE9"]);
});

test("a line of the manifest whose bytes are not UTF-8 is reported as damaged", async (t) => {
  const root = await volumeOf(t, ["a\ufffd"]);
  const line = readFileSync(firstSegment(root));
  line[line.indexOf("a\ufffd") + 1] = 0xff;
  appendToManifest(root, line);
  assert.equal((await verified(root)).summary.badLines, 1);
});

test("follows no link to a folder", async (t) => {
  const root = await volumeOf(t, ["a/b/c", "d"]);
  const outside = scratchFolder(t);
  renameSync(join(root, "photos/a"), join(outside, "a"));
  symlinkSync(join(outside, "a"), join(root, "photos/a"));
  const { told } = await verified(root);
  assert.deepEqual(told, ["extra photos/a", "missing photos/a/b/c"]);
});

test("reads nothing that a forged manifest names outside of the volume", async (t) => {
  const root = await volumeOf(t, ["a"]);
  const secret = join(scratchFolder(t), "secret");
  writeFileSync(secret, "secret");
  const forged = (key: string, path?: string, source = "photos") =>
    formatManifestLine(newObject(key, { source }), {
      size: 6,
      md5: md5Of("secret"),
      verified: false,
      storedAt: 1,
      ...(path !== undefined && { path }),
    });
  const climb = `../../${"../".repeat(20)}${secret.slice(1)}`;
  appendToManifest(
    root,
    forged("x", climb) +
      forged(climb) +
      forged("y", secret) +
      forged("passwd", undefined, "../etc") +
      forged("z", "a"),
  );
  const { told, bad, summary } = await verified(root);
  assert.deepEqual(told, []);
  assert.deepEqual(
    bad.map(({ line }) => line),
    [2, 3, 4, 5, 6],
  );
  assert.deepEqual([summary.files, summary.badLines], [1, 5]);
});

test("counts lines that cannot be read, a torn last one too, and goes on", async (t) => {
  const root = await volumeOf(t, ["a", "b"]);
  const line = formatManifestLine(newObject("torn"), {
    size: 1,
    md5: md5Of("1"),
    verified: false,
    storedAt: 1,
  });
  appendToManifest(root, `{"source":"photos"}\n${line.slice(0, 50)}`);
  await storeOn(root, ["c"]);
  const { summary, told, bad } = await verified(root);
  assert.deepEqual([summary.files, summary.badLines, told], [3, 2, []]);
  assert.deepEqual(
    bad.map(({ segment, line: number }) => `${segment} ${number}`),
    ["here-1.ndjson 3", "here-1.ndjson 4"],
  );
});

test("uses the last line of an object that was stored twice", async (t) => {
  const root = await volumeOf(t, ["a", "b"]);
  const old = formatManifestLine(newObject("a"), { size: 1, md5: md5Of("1"), verified: false, storedAt: 1 });
  appendToManifest(root, old);
  await storeOn(root, ["a"]);
  const { summary, told } = await verified(root);
  assert.deepEqual([summary.files, told], [2, []]);
});

test("a lost object is not missed, until it is stored again", async (t) => {
  const root = await volumeOf(t, ["a", "b"]);
  const [stored] = await storeOn(root, ["lost"]);
  rmSync(join(root, "photos/lost"));
  // In a segment that is read before that of the line which it is about.
  writeFileSync(
    join(root, ".brigade/manifest/first-1.ndjson"),
    formatLostLine({ source: "photos", key: "lost", lost: "missing", at: stored?.storedAt ?? 0 }),
  );
  const without = await verified(root);
  assert.deepEqual([without.summary.files, without.told], [2, []]);
  await new Promise((resolve) => setTimeout(resolve, 2));
  await storeOn(root, ["lost"]);
  const again = await verified(root);
  assert.deepEqual([again.summary.files, again.told], [3, []]);
});

test("looks at one source only, where that is wished", async (t) => {
  const root = await volumeOf(t, ["a", "b"]);
  await storeOn(root, ["a", "c"], { source: "films", fingerprint: "f2" });
  for (const source of ["photos", "films"]) {
    rmSync(join(root, source, "a"));
    writeFileSync(join(root, source, "extra"), "");
  }
  const { summary, told } = await verified(root, { source: "films" });
  assert.deepEqual([summary.files, told], [2, ["extra films/extra", "missing films/a"]]);
  await assert.rejects(verified(root, { source: "sounds" }), ConfigError);
});

test("refuses a folder that is no volume with what to do, and changes nothing in it", async (t) => {
  const root = scratchFolder(t);
  await assert.rejects(
    verified(root),
    (error) => error instanceof ConfigError && /volume init/.test(error.message),
  );
  assert.deepEqual(readdirSync(root), []);
  await assert.rejects(verified(join(root, "absent")), ConfigError);
  const volume = await volumeOf(t, ["a"]);
  rmSync(join(volume, ".brigade/manifest"), { recursive: true });
  await assert.rejects(
    verified(volume),
    (error) => error instanceof ConfigError && /manifest is missing/.test(error.message),
  );
  assert.ok(existsSync(join(volume, "photos/a")));
});
