import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readlinkSync, renameSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { HostError } from "@brigade/core";

import { manifestOf, openNew } from "../open-volume.ts";
import { bytesOf, newObject } from "../scratch.ts";

const why = new HostError("gone", "it was closed by the test");

/** Descriptors of this process that lead below the folder. */
function openBelow(root: string): string[] {
  return readdirSync("/proc/self/fd").flatMap((descriptor) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${descriptor}`);
      return path.startsWith(root) ? [path] : [];
    } catch {
      return [];
    }
  });
}

test("a closed volume has nothing open, refuses what is asked of it, and goes on when it is opened again", async (t) => {
  const { root, volume } = await openNew(t);
  await volume.claim("photos");
  await volume.put(newObject("a"), bytesOf("1"));
  assert.ok(openBelow(root).length > 0);
  await volume.close(why);
  assert.deepEqual([volume.isOpen, openBelow(root)], [false, []]);
  await assert.rejects(volume.put(newObject("b"), volume.lend(3)), why);
  await assert.rejects(volume.room(), why);
  await volume.reopen();
  await volume.put(newObject("b"), bytesOf("2"));
  assert.deepEqual((await manifestOf(root)).map(({ key }) => key).sort(), ["a", "b"]);
  assert.equal(volume.isFresh("photos"), false);
});

test("a volume whose disk is not there is not opened again, and nothing is written in its place", async (t) => {
  const { root, volume } = await openNew(t);
  await volume.put(newObject("a"), bytesOf("1"));
  await volume.close(why);
  renameSync(root, `${root}.away`);
  mkdirSync(root);
  const isGone = (error: unknown) => error instanceof HostError && error.kind === "gone";
  await assert.rejects(volume.reopen(), isGone);
  assert.deepEqual([volume.isOpen, readdirSync(root)], [false, []]);
  rmdirSync(root);
  await assert.rejects(volume.reopen(), isGone);
  assert.equal(existsSync(root), false);
  renameSync(`${root}.away`, root);
  await volume.reopen();
  await volume.put(newObject("b"), bytesOf("2"));
  assert.ok(existsSync(join(root, "photos/b")));
});
