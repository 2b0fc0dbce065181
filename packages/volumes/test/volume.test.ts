import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ConfigError, HostError, NameError, SourceError } from "@brigade/core";
import { type LocalVolume, type ManifestLine, openVolume, readManifest } from "../src/index.ts";
import { bytesOf, md5Of, modified, newObject, scratchFolder, silentLog } from "./scratch.ts";

const durabilities = ["group", "file", "none"] as const;

async function openNew(test: TestContext, durability: (typeof durabilities)[number] = "group") {
  const root = scratchFolder(test);
  const volume = await openVolume(root, { init: true, instance: "here", durability, log: silentLog });
  let open = true;
  const close = async () => {
    if (open) await volume[Symbol.asyncDispose]();
    open = false;
  };
  test.after(close);
  return { root, volume, close };
}

async function manifestOf(root: string): Promise<ManifestLine[]> {
  return Array.fromAsync(
    readManifest(root, (bad) => assert.fail(`a line cannot be read: ${JSON.stringify(bad)}`)),
  );
}

for (const durability of durabilities) {
  test(`stores objects whole, dated and entered in the manifest (${durability})`, async (t) => {
    const { root, volume } = await openNew(t, durability);
    const bytes = bytesOf("hello");
    const stored = await Promise.all([
      volume.put(
        newObject("a/b/hello.txt", { expectedSize: 5, expectedMd5: md5Of("hello"), etag: "e" }),
        bytes,
      ),
      volume.put(newObject("a/empty", { variant: "!s400" }), bytesOf("")),
      volume.put(newObject("odd%~name"), bytesOf("odd")),
    ]);
    assert.deepEqual(stored, [
      { size: 5, md5: md5Of("hello"), verified: true },
      { size: 0, md5: md5Of(""), verified: false },
      { size: 3, md5: md5Of("odd"), verified: false, path: "odd%~25~~name" },
    ]);
    const path = join(root, "photos/a/b/hello.txt");
    assert.equal(readFileSync(path, "utf8"), "hello");
    assert.equal(statSync(path).mtimeMs / 1000, modified);
    assert.equal(readFileSync(join(root, "photos/odd%~25~~name"), "utf8"), "odd");
    const [first, second, third] = await manifestOf(root);
    assert.ok(first && first.storedAt > 0);
    assert.deepEqual(
      { ...first, storedAt: 0 },
      {
        source: "photos",
        key: "a/b/hello.txt",
        listedSize: 5,
        size: 5,
        md5: md5Of("hello"),
        verified: true,
        modified,
        etag: "e",
        storedAt: 0,
        job: "job-1",
      },
    );
    assert.equal(second?.variant, "!s400");
    assert.equal(third?.path, "odd%~25~~name");
  });
}

test("streams a large object, hashing what it writes", async (t) => {
  const { root, volume } = await openNew(t);
  const chunk = new Uint8Array(300_000).fill(7);
  const whole = new Uint8Array(9 * chunk.length).fill(7);
  const sink = await volume.open(newObject("big", { expectedSize: whole.length, expectedMd5: md5Of(whole) }));
  for (let part = 0; part < 9; part += 1) await sink.write(chunk);
  assert.equal(chunk.length, 300_000, "the chunk stays the caller's");
  assert.equal(existsSync(join(root, "photos/big")), false);
  assert.deepEqual(await sink.finish(), { size: whole.length, md5: md5Of(whole), verified: true });
  assert.deepEqual(new Uint8Array(readFileSync(join(root, "photos/big"))), whole);
});

test("leaves nothing of objects that are damaged, aborted or forgotten", async (t) => {
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

test("stores a file and a folder of one name, whichever comes first, and finds both again", async (t) => {
  const { root, volume } = await openNew(t);
  const put = (key: string) => volume.put(newObject(key), bytesOf(key));
  assert.equal((await put("a")).path, undefined);
  assert.equal((await put("a/b")).path, "a%~d/b");
  assert.equal((await put("c/d")).path, undefined);
  assert.equal((await put("c")).path, "c%~f");
  const long = "n".repeat(254);
  assert.equal((await put(long)).path, undefined);
  const below = (await put(`${long}/b`)).path;
  assert.equal(below, `${"n".repeat(241)}%~+/${"n".repeat(13)}%~d/b`);
  for (const [key, path] of [
    ["a/b", "a%~d/b"],
    ["c", "c%~f"],
    [`${long}/b`, below],
  ] as const) {
    assert.equal(readFileSync(join(root, "photos", path ?? ""), "utf8"), key);
    assert.equal((await put(key)).path, path, "the same place again");
    assert.equal((await volume.adopt([newObject(key)]))[0]?.path, path);
  }
});

test("takes keys that are too long for one name, and refuses those too long for the system", async (t) => {
  const { volume } = await openNew(t);
  const key = `${"é".repeat(200)}/${"n".repeat(700)}`;
  const stored = await volume.put(newObject(key), bytesOf("x"));
  assert.deepEqual(await volume.present("photos", [{ path: stored.path ?? key, size: 1 }]), [true]);
  const endless = Array.from({ length: 30 }, () => "n".repeat(200)).join("/");
  await assert.rejects(volume.put(newObject(endless), bytesOf("x")), NameError);
  await assert.rejects(volume.put(newObject("n".repeat(5000)), bytesOf("x")), NameError);
  for (const refused of ["../out", "a//b", "nul\0"]) {
    await assert.rejects(volume.put(newObject(refused), bytesOf("x")), NameError);
  }
});

test("follows no link out of the volume", async (t) => {
  const outside = scratchFolder(t);
  const { root, volume } = await openNew(t);
  writeFileSync(join(outside, "target"), "untouched");
  mkdirSync(join(root, "photos"));
  symlinkSync(outside, join(root, "photos/link"));
  symlinkSync(join(outside, "target"), join(root, "photos/file"));
  assert.equal((await volume.put(newObject("link/x"), bytesOf("12345"))).path, "link%~d/x");
  assert.equal((await volume.put(newObject("file"), bytesOf("12345"))).path, undefined);
  assert.deepEqual(readdirSync(outside), ["target"]);
  assert.equal(readFileSync(join(outside, "target"), "utf8"), "untouched");
  symlinkSync(outside, join(root, "other"));
  await assert.rejects(volume.put(newObject("x", { source: "other" }), bytesOf("x")), ConfigError);
});

test("goes on when somebody removes folders that it remembers", async (t) => {
  const { root, volume } = await openNew(t);
  await volume.put(newObject("a/b/one"), bytesOf("1"));
  rmSync(join(root, "photos"), { recursive: true });
  await volume.put(newObject("a/b/two"), bytesOf("2"));
  assert.equal(readFileSync(join(root, "photos/a/b/two"), "utf8"), "2");
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
  assert.deepEqual(adopted, [
    { size: 5, md5: md5Of("12345"), verified: true },
    undefined,
    undefined,
    { size: 6, md5: md5Of("123456"), verified: false },
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  assert.deepEqual(
    (await manifestOf(root)).map(({ key }) => key),
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

test("knows whether a source was there when it was opened", async (t) => {
  const { root, volume, close } = await openNew(t);
  assert.equal(volume.isFresh("photos"), true);
  await volume.put(newObject("a"), bytesOf("1"));
  assert.equal(volume.isFresh("photos"), true);
  await close();
  const again = await openVolume(root, {
    init: false,
    instance: "here",
    durability: "group",
    log: silentLog,
  });
  assert.equal(again.isFresh("photos"), false);
  assert.equal(again.isFresh("films"), true);
  assert.equal(again.id, volume.id);
  await again[Symbol.asyncDispose]();
});

test("refuses other bytes under a source's name, also after it was opened again", async (t) => {
  const { root, volume, close } = await openNew(t);
  await volume.put(newObject("a"), bytesOf("1"));
  const other = newObject("b", { fingerprint: "f2" });
  const refusal = (error: unknown) =>
    error instanceof ConfigError && /another bucket, domain or variant/.test(error.message);
  await assert.rejects(volume.put(other, bytesOf("1")), refusal);
  await assert.rejects(volume.open(other), refusal);
  await assert.rejects(volume.adopt([other]), refusal);
  await close();
  const again = await openVolume(root, {
    init: false,
    instance: "here",
    durability: "group",
    log: silentLog,
  });
  await assert.rejects(again.bind("photos", "f2"), refusal);
  await again.bind("photos", "f1");
  await again[Symbol.asyncDispose]();
  assert.deepEqual(readdirSync(join(root, "photos")), ["a"]);
});

test("opens no folder that is not a volume, and says what to do", async (t) => {
  const root = scratchFolder(t);
  const open = (path: string, init: boolean) =>
    openVolume(path, { init, instance: "here", durability: "group", log: silentLog });
  await assert.rejects(
    open(root, false),
    (error) => error instanceof ConfigError && /volume init/.test(error.message),
  );
  assert.deepEqual(readdirSync(root), []);
  await assert.rejects(open(join(root, "absent"), true), ConfigError);
  assert.deepEqual(readdirSync(root), []);
  mkdirSync(join(root, ".brigade"));
  writeFileSync(join(root, ".brigade/volume.json"), "{");
  await assert.rejects(open(root, false), ConfigError);
});

test("two at once need two names", async (t) => {
  const { root, volume } = await openNew(t);
  const open = (instance: string) =>
    openVolume(root, { init: false, instance, durability: "group", log: silentLog });
  await assert.rejects(open("here"), (error) => error instanceof ConfigError && /in use/.test(error.message));
  await assert.rejects(open("../there"), ConfigError);
  const other: LocalVolume = await open("there");
  await Promise.all([
    volume.put(newObject("same"), bytesOf("1")),
    other.put(newObject("same"), bytesOf("1")),
    other.put(newObject("a/b"), bytesOf("2")),
  ]);
  await other[Symbol.asyncDispose]();
  assert.deepEqual(readdirSync(join(root, ".brigade/tmp")), ["here"]);
  assert.deepEqual((await manifestOf(root)).map(({ key }) => key).sort(), ["a/b", "same", "same"]);
});

test("writes nothing any more when its disk is no longer there", async (t) => {
  const { root, volume } = await openNew(t);
  await volume.put(newObject("a"), bytesOf("1"));
  rmSync(join(root, ".brigade/volume.json"));
  const gone = (error: unknown) =>
    error instanceof HostError && error.kind === "io" && /unmounted/.test(error.message);
  await assert.rejects(volume.put(newObject("b"), bytesOf("2")), gone);
  await assert.rejects(volume.put(newObject("c/d"), bytesOf("3")), gone);
  assert.deepEqual(readdirSync(join(root, "photos")), ["a"]);
});

test("a volume that was closed takes nothing", async (t) => {
  const { volume, close } = await openNew(t);
  await close();
  await assert.rejects(volume.put(newObject("a"), bytesOf("1")), HostError);
});

test("tells the room of its disk", async (t) => {
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
