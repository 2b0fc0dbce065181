import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { silentLog } from "../../../../test/logs.ts";
import { type Difference, openVolume, verifyVolume } from "../../src/index.ts";
import { openForWriting } from "../../src/opening/opening.ts";
import { manifestOf, openNew } from "../open-volume.ts";
import { newObject, scratchFolder } from "../scratch.ts";

const photos = newObject("").source;

async function problemsOf(root: string): Promise<string[]> {
  const found: Difference[] = [];
  await verifyVolume(root, { quietMs: 0, onDifference: (one) => void found.push(one) });
  return found.map(({ problem, path }) => `${problem} ${path}`);
}

/**
 * A volume as a process leaves it that dies when it has renamed `x`, and has not written the
 * manifest yet.
 */
async function brokenOff(t: Parameters<typeof openNew>[0]): Promise<string> {
  const { root, volume, close } = await openNew(t);
  await volume.put(newObject("x"), Buffer.from("hello"));
  await close();
  const manifest = join(root, ".brigade", "manifest");
  const [segment = ""] = readdirSync(manifest);
  const line = readFileSync(join(manifest, segment), "utf8");
  rmSync(join(manifest, segment));
  mkdirSync(join(root, ".brigade", "tmp", "dead"));
  writeFileSync(join(root, ".brigade", "tmp", "dead", "lock"), "");
  writeFileSync(join(root, ".brigade", "tmp", "dead", "landing.ndjson"), line);
  return root;
}

test("a file whose process died before its manifest line is verified too, and damage to it is found", async (t) => {
  const root = await brokenOff(t);
  assert.deepEqual(await problemsOf(root), []);
  writeFileSync(join(root, photos, "x"), "HELLO");
  assert.deepEqual(await problemsOf(root), ["md5 x"]);
});

test("it is entered in the manifest by the next opening; one that was not renamed is not", async (t) => {
  const root = await brokenOff(t);
  const dead = join(root, ".brigade", "tmp", "dead", "landing.ndjson");
  const line = readFileSync(dead, "utf8");
  writeFileSync(dead, line + line.replace('"key":"x"', '"key":"never"'));
  const volume = await openVolume(root, {
    init: false,
    instance: "next",
    durability: "group",
    log: silentLog,
  });
  await volume[Symbol.asyncDispose]();
  assert.deepEqual(
    (await manifestOf(root)).map(({ key, storedAt }) => [key, storedAt]),
    [["x", JSON.parse(line).storedAt]],
  );
  assert.deepEqual(await problemsOf(root), []);
});

test("what is landing is noted before it is renamed", async (t) => {
  const root = scratchFolder(t);
  const place = join(root, photos, "x");
  const seen: (readonly [noted: boolean, there: boolean])[] = [];
  const note = join(root, ".brigade", "tmp", "here", "landing.ndjson");
  const syncer = {
    each: false,
    async sync() {
      const noted = existsSync(note) && readFileSync(note, "utf8").includes('"key":"x"');
      seen.push([noted, existsSync(place)]);
    },
    close() {},
  };
  const opened = await openForWriting(
    { root, init: true, instance: "here", durability: "group" },
    { onCompleted: () => {}, onWarning: (error) => assert.fail(String(error)), syncer },
  );
  const settled = Promise.withResolvers<unknown>();
  opened.storing.put(newObject("x"), { bytes: Buffer.from("hello") }, settled, () => {});
  await settled.promise;
  await opened[Symbol.asyncDispose]();
  assert.deepEqual(seen[0], [true, false]);
});
