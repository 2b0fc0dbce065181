import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { NameError, SourceError, type Volume } from "@brigade/core";
import { openVolume } from "@brigade/volumes";
import { silentLog } from "../../../../test/logs.ts";
import { manifestOf, openNew } from "../open-volume.ts";
import { bytesOf, md5Of, modified, newObject, scratchFolder } from "../scratch.ts";
import { verified } from "../verify/verified.ts";

const text = "0123456789";
const film = newObject("films/a.mp4", { listedSize: 10, expectedSize: 10, expectedMd5: md5Of(text) });
const never = new AbortController().signal;

function openAt(root: string, instance = "here") {
  return openVolume(root, { init: true, instance, durability: "group", log: silentLog });
}

/** A process that brought these pieces, and went. */
async function leave(volume: Volume, pieces: Record<number, string>, validator = "one"): Promise<void> {
  await using part = await volume.part(film, validator);
  assert.ok(part);
  for (const [offset, piece] of Object.entries(pieces)) await part.write(Number(offset), [bytesOf(piece)]);
  await part.sync();
}

const partsOf = (root: string) => readdirSync(join(root, ".brigade", "parts"));

test("an object that comes in pieces goes on where the last process was, and is stored like any other", async (t) => {
  const root = scratchFolder(t);
  {
    await using volume = await openAt(root);
    await leave(volume, { 0: "012", 6: "67" });
  }
  await using volume = await openAt(root);
  assert.ok((await volume.begun(film)) > 0);
  await using part = await volume.part(film, "one");
  assert.ok(part);
  assert.deepEqual(part.finished, [
    { from: 0, to: 3 },
    { from: 6, to: 8 },
  ]);
  assert.equal(part.startedOver, undefined);
  await Promise.all([part.write(3, [bytesOf("34"), bytesOf("5")]), part.write(8, [bytesOf("89")])]);
  await part.sync();
  assert.ok(!existsSync(join(root, "photos/films/a.mp4")));

  const stored = await part.finish(never);

  assert.deepEqual({ ...stored, storedAt: 0 }, { size: 10, md5: md5Of(text), verified: true, storedAt: 0 });
  assert.equal(readFileSync(join(root, "photos/films/a.mp4"), "utf8"), text);
  assert.equal(statSync(join(root, "photos/films/a.mp4")).mtimeMs, modified * 1000);
  const [line] = await manifestOf(root);
  assert.equal(line?.key, "films/a.mp4");
  assert.equal(line?.md5, md5Of(text));
  await part[Symbol.asyncDispose]();
  assert.deepEqual(partsOf(root), []);
  assert.equal(await volume.begun(film), 0);
});

test("bytes of another state of the object, or of another size, are not gone on with", async (t) => {
  const { volume } = await openNew(t);
  await leave(volume, { 0: "012" });
  {
    await using other = await volume.part(film, "two");
    assert.equal(other?.startedOver, "the file on the server has changed");
    assert.deepEqual(other.finished, []);
  }
  await leave(volume, { 0: "012" }, "two");
  await using longer = await volume.part({ ...film, expectedSize: 11 }, "two");
  assert.deepEqual(longer?.finished, []);
});

test("a part whose state is unknown is begun anew every time", async (t) => {
  const { volume } = await openNew(t);
  for (let time = 0; time < 2; time++) {
    await using part = await volume.part(film, undefined);
    assert.deepEqual(part?.finished, []);
    await part.write(0, [bytesOf("01234")]);
    await part.sync();
    assert.deepEqual(part.finished, [{ from: 0, to: 5 }]);
  }
});

test("of bytes with another MD5 than the source's nothing remains", async (t) => {
  const { root, volume } = await openNew(t);
  await using part = await volume.part(film, "one");
  assert.ok(part);
  await part.write(0, [bytesOf("012345678x")]);
  await part.sync();
  await assert.rejects(
    part.finish(never),
    (error) => error instanceof SourceError && error.kind === "damaged",
  );
  await part[Symbol.asyncDispose]();
  assert.deepEqual(partsOf(root), []);
  assert.ok(!existsSync(join(root, "photos/films/a.mp4")));
});

test("a discarded part leaves nothing", async (t) => {
  const { root, volume } = await openNew(t);
  {
    await using part = await volume.part(film, "one");
    await part?.write(0, [bytesOf("012")]);
    await part?.sync();
    await part?.discard();
  }
  assert.deepEqual(partsOf(root), []);
});

test("one process at a time has an object's part", async (t) => {
  const { root, volume } = await openNew(t);
  await using other = await openAt(root, "there");
  {
    await using part = await volume.part(film, "one");
    assert.ok(part);
    assert.equal(await other.part(film, "one"), undefined);
    assert.equal(await volume.part(film, "one"), undefined, "nor has this one twice");
  }
  await using free = await other.part(film, "one");
  assert.ok(free);
});

test("a signal that comes while the object is checked leaves its part as it is", async (t) => {
  const { volume } = await openNew(t);
  await using part = await volume.part(film, "one");
  assert.ok(part);
  await part.write(0, [bytesOf(text)]);
  await part.sync();
  const stop = new AbortController();
  const finishing = part.finish(stop.signal);
  stop.abort();
  await assert.rejects(finishing);
  await part[Symbol.asyncDispose]();
  await using again = await volume.part(film, "one");
  assert.deepEqual(again?.finished, [{ from: 0, to: 10 }]);
  assert.equal((await again.finish(never)).size, 10);
});

test("a name that no disk can hold is known before bytes are asked for", async (t) => {
  const { volume } = await openNew(t);
  await assert.rejects(volume.part({ ...film, key: "films/../a" }, "one"), NameError);
});

test("parts unchanged for a week are deleted when the volume is opened, unless they are in use", async (t) => {
  const root = scratchFolder(t);
  await using there = await openAt(root, "there");
  await leave(there, { 0: "012" });
  const other = { ...film, key: "films/b.mp4" };
  await using open = await there.part(other, "one");
  assert.ok(open);
  const age = (days: number) => {
    const when = Date.now() / 1000 - days * 24 * 3600;
    for (const name of partsOf(root)) utimesSync(join(root, ".brigade", "parts", name), when, when);
  };
  age(6);
  await (await openAt(root))[Symbol.asyncDispose]();
  assert.ok((await there.begun(film)) > 0);
  age(8);
  await (await openAt(root))[Symbol.asyncDispose]();
  assert.equal(await there.begun(film), 0);
  assert.ok((await there.begun(other)) > 0);
});

test("a part does not count as an extra file when the volume is verified", async (t) => {
  const { root, volume, close } = await openNew(t);
  await volume.put(newObject("a.jpg", { listedSize: 3 }), bytesOf("abc"));
  await leave(volume, { 0: "012" });
  await close();
  assert.deepEqual((await verified(root)).told, []);
});
