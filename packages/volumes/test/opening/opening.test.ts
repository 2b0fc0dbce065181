import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ConfigError, HostError } from "@brigade/core";
import { silentLog } from "../../../../test/logs.ts";
import { type LocalVolume, openVolume } from "../../src/index.ts";
import { manifestOf, openNew } from "../open-volume.ts";
import { bytesOf, newObject, scratchFolder } from "../scratch.ts";

test("reports whether a source was there when it was opened", async (t) => {
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
    error instanceof HostError && error.kind === "gone" && /unmounted/.test(error.message);
  await assert.rejects(volume.put(newObject("b"), bytesOf("2")), gone);
  await assert.rejects(volume.put(newObject("c/d"), bytesOf("3")), gone);
  assert.deepEqual(readdirSync(join(root, "photos")), ["a"]);
});
