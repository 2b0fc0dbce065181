import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ConfigError } from "@brigade/core";
import { silentLog } from "../../../../test/logs.ts";
import { makeFolder, openRepair, openVolume, readVolumeInfo } from "../../src/index.ts";
import { openNew } from "../open-volume.ts";
import { bytesOf, newObject, scratchFolder } from "../scratch.ts";
import { contentOf, damage, storeOn, verified, volumeOf } from "../verify/verified.ts";

/*
 * Somebody else prepared the disk: what lies below `.brigade` may be a link, a pipe, a folder or a
 * huge file. Nothing outside of the volume is written, moved or removed, and nothing waits.
 */

const keys = ["a", "x/b"];

/** A folder elsewhere, with what somebody would miss. */
function elsewhere(t: TestContext): { outside: string; assertUntouched: () => void } {
  const outside = scratchFolder(t);
  mkdirSync(join(outside, "photos/deep"), { recursive: true });
  for (const file of ["precious", "photos/index.db", "photos/deep/precious", "1.ndjson"])
    writeFileSync(join(outside, file), `of ${file}`);
  const look = () =>
    readdirSync(outside, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name), "utf8")].join(": "))
      .concat(readdirSync(outside, { recursive: true }).map(String))
      .sort();
  const before = look();
  return { outside, assertUntouched: () => assert.deepEqual(look(), before) };
}

/** Opens the volume and stores something, as `copy` does. */
async function use(root: string): Promise<void> {
  const volume = await openVolume(root, {
    init: true,
    instance: "here",
    durability: "group",
    log: silentLog,
  });
  try {
    await volume.bind("photos", "f1");
    await volume.put(newObject("new"), bytesOf("12345"));
  } finally {
    await volume[Symbol.asyncDispose]();
  }
}

/** In one line, which names what is to be removed. */
function refusedFor(path: string) {
  return (error: unknown) => {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.problems.length, 1);
    assert.match(error.message, /: remove it$/);
    assert.ok(error.message.startsWith(path), error.message);
    return true;
  };
}

for (const folder of ["", "sources", "tmp", "tmp/here", "parts", "manifest"]) {
  test(`a link in the place of .brigade/${folder} is refused, and nothing happens behind it`, async (t) => {
    const { outside, assertUntouched } = elsewhere(t);
    const root = await volumeOf(t, keys);
    const place = join(root, ".brigade", folder);
    rmSync(place, { recursive: true, force: true });
    symlinkSync(outside, place);
    await assert.rejects(use(root), refusedFor(place));
    assertUntouched();
  });
}

for (const file of ["volume.json", "lock", "sources/photos.json"]) {
  test(`a link, a pipe, a folder or a huge file in the place of .brigade/${file} is refused at once`, async (t) => {
    const { outside, assertUntouched } = elsewhere(t);
    const root = await volumeOf(t, keys);
    const place = join(root, ".brigade", file);
    const refused = async () => {
      await assert.rejects(use(root), refusedFor(place));
      rmSync(place, { recursive: true });
    };
    rmSync(place, { force: true });
    symlinkSync(join(outside, "precious"), place);
    await refused();
    symlinkSync(join(outside, "nothing is there"), place);
    await refused();
    mkdirSync(place);
    await refused();
    execFileSync("mkfifo", [place]);
    await refused();
    if (file !== "lock") {
      writeFileSync(place, "");
      truncateSync(place, 5_000_000_000);
      await refused();
    }
    assertUntouched();
  });
}

test("a link or a pipe in the place of .brigade/host costs its note, and a warning", async (t) => {
  const { outside, assertUntouched } = elsewhere(t);
  const root = await volumeOf(t, keys);
  const place = join(root, ".brigade/host");
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (_: object, message: string) => void warnings.push(message) };
  for (const prepare of [
    () => symlinkSync(join(outside, "precious"), place),
    () => execFileSync("mkfifo", [place]),
  ]) {
    prepare();
    const options = { init: false, instance: "here", host: "h", durability: "none", log } as const;
    await (await openVolume(root, options))[Symbol.asyncDispose]();
    rmSync(place);
  }
  assert.deepEqual(warnings, Array(2).fill("the host's name could not be noted on the volume"));
  assertUntouched();
});

test("what SQLite would open beside a lock is looked at, too", async (t) => {
  const { outside, assertUntouched } = elsewhere(t);
  const root = await volumeOf(t, keys);
  const place = join(root, ".brigade/lock-journal");
  symlinkSync(join(outside, "precious"), place);
  await assert.rejects(use(root), refusedFor(place));
  rmSync(place);
  // SQLite would remove the file that such a journal names.
  const name = Buffer.from(join(outside, "precious"));
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32BE(name.length, 0);
  numbers.writeUInt32BE(
    name.reduce((sum, byte) => sum + byte, 0),
    4,
  );
  writeFileSync(
    place,
    Buffer.concat([Buffer.alloc(516), name, numbers, Buffer.from("d9d505f920a163d7", "hex")]),
  );
  await assert.rejects(use(root), refusedFor(place));
  assertUntouched();
});

for (const target of ["elsewhere", "the volume"]) {
  test(`verify removes nothing through .brigade/verify that is a link to ${target}`, async (t) => {
    const { outside, assertUntouched } = elsewhere(t);
    const root = await volumeOf(t, keys);
    const place = join(root, ".brigade/verify");
    symlinkSync(target === "elsewhere" ? outside : "..", place);
    await assert.rejects(verified(root, { source: "photos" }), refusedFor(place));
    assertUntouched();
    for (const key of keys)
      assert.deepEqual(readFileSync(join(root, "photos", key)), Buffer.from(contentOf(key)));
  });
}

test("verify removes only what it names itself", async (t) => {
  const { outside, assertUntouched } = elsewhere(t);
  const root = await volumeOf(t, keys);
  const folder = join(root, ".brigade/verify/photos");
  mkdirSync(folder, { recursive: true });
  renameSync(join(outside, "photos"), join(folder, "theirs"));
  writeFileSync(join(folder, "note"), "theirs, too");
  await verified(root, { source: "photos" });
  assert.deepEqual(readdirSync(folder).sort(), ["note", "theirs"]);
  renameSync(join(folder, "theirs"), join(outside, "photos"));
  assertUntouched();
  symlinkSync(join(outside, "precious"), join(folder, "index.db"));
  await assert.rejects(verified(root, { source: "photos" }), refusedFor(join(folder, "index.db")));
  assertUntouched();
});

for (const place of ["damaged", "damaged/photos", "damaged/photos/x"]) {
  test(`a damaged file is not moved through .brigade/${place} that is a link`, async (t) => {
    const { outside, assertUntouched } = elsewhere(t);
    const root = await volumeOf(t, keys);
    damage(root, "x/b");
    const { differences } = await verified(root);
    mkdirSync(join(root, ".brigade", place, ".."), { recursive: true });
    symlinkSync(outside, join(root, ".brigade", place));
    const repair = await openRepair(root, { quietMs: 0, reportToLedger: async () => {} });
    try {
      await assert.rejects(repair.repair(differences), refusedFor(join(root, ".brigade", place)));
    } finally {
      await repair[Symbol.asyncDispose]();
    }
    assertUntouched();
    assert.ok(existsSync(join(root, "photos/x/b")));
  });
}

test("folders of dead instances are emptied of what brigade names so, and not through links", async (t) => {
  const { outside, assertUntouched } = elsewhere(t);
  const root = await volumeOf(t, keys);
  const tmp = join(root, ".brigade/tmp");
  symlinkSync(outside, join(tmp, "dead"));
  mkdirSync(join(tmp, "gone/not-ours"), { recursive: true });
  for (const name of ["1a", "landing.ndjson", "a note", "not-ours/deeper"])
    writeFileSync(join(tmp, "gone", name), "");
  await use(root);
  assertUntouched();
  assert.deepEqual(readdirSync(join(tmp, "gone")).sort(), ["a note", "not-ours"]);
  assert.deepEqual(readdirSync(join(tmp, "gone/not-ours")), ["deeper"]);
});

test("a line torn out of a manifest is dropped in place: neither it nor its successor is followed", async (t) => {
  const { outside, assertUntouched } = elsewhere(t);
  const root = await volumeOf(t, keys);
  const segment = join(root, ".brigade/manifest/here-1.ndjson");
  const bytes = readFileSync(segment);
  writeFileSync(segment, bytes.subarray(0, -5));
  mkdirSync(join(root, ".brigade/tmp/here"), { recursive: true });
  symlinkSync(join(outside, "precious"), `${segment}.new`);
  await use(root);
  assertUntouched();
  rmSync(segment);
  symlinkSync(join(outside, "precious"), segment);
  await assert.rejects(verified(root), refusedFor(segment));
  assertUntouched();
});

test("a volume is not read through links and pipes", async (t) => {
  const root = await volumeOf(t, keys);
  for (const file of ["volume.json", "host", "sources/photos.json"]) {
    const place = join(root, ".brigade", file);
    writeFileSync(place, "", { flag: "a" });
    renameSync(place, `${place}.kept`);
    execFileSync("mkfifo", [place]);
    await assert.rejects(readVolumeInfo(root), refusedFor(place));
    rmSync(place);
    symlinkSync(`${place}.kept`, place);
    await assert.rejects(readVolumeInfo(root), refusedFor(place));
    rmSync(place);
    renameSync(`${place}.kept`, place);
  }
});

test("through a folder that becomes a link in mid-run nothing is written", async (t) => {
  const { outside, assertUntouched } = elsewhere(t);
  const { root, volume } = await openNew(t);
  await volume.bind("photos", "f1");
  for (const key of ["d/1", "d/e/1"]) await volume.put(newObject(key), bytesOf("12345"));
  renameSync(join(root, "photos/d"), join(root, "photos/moved"));
  symlinkSync(outside, join(root, "photos/d"));
  const paths = [];
  for (const key of ["d/2", "d/e/2", "d/photos/2", "d/new/2"])
    paths.push((await volume.put(newObject(key), bytesOf("12345"))).path);
  assertUntouched();
  assert.deepEqual(paths, ["d%~d/2", "d%~d/e/2", "d%~d/photos/2", "d%~d/new/2"]);
  assert.deepEqual(await volume.present("photos", [{ path: "d/precious", size: 11 }]), [false]);
});

test("nothing is written through a source's folder that becomes a link in mid-run", async (t) => {
  const { outside, assertUntouched } = elsewhere(t);
  const { root, volume } = await openNew(t);
  await volume.bind("photos", "f1");
  await volume.put(newObject("d/1"), bytesOf("12345"));
  renameSync(join(root, "photos"), join(root, "moved"));
  symlinkSync(outside, join(root, "photos"));
  for (const key of ["d/2", "2", "deep/2"])
    await assert.rejects(volume.put(newObject(key), bytesOf("12345")), Error);
  assertUntouched();
});

test("a folder of brigade's own is made with all that it lies in", (t) => {
  const path = join(scratchFolder(t), "not/there/.brigade/state/failed");
  makeFolder(path);
  makeFolder(path);
  assert.deepEqual(readdirSync(path), []);
});

test("a volume that was not tampered with is opened, stored on and verified as usual", async (t) => {
  const root = await volumeOf(t, keys);
  await use(root);
  await storeOn(root, ["y/c"]);
  const { summary, told } = await verified(root);
  assert.deepEqual([summary.files, told], [4, []]);
});
