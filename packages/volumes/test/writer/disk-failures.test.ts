import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { HostError } from "@brigade/core";
import { loopDisk, noLoopDisks } from "../../../../test/disks/loop-disk.ts";
import { silentLog } from "../../../../test/logs.ts";
import { type Durability, type LocalVolume, openVolume, readManifest } from "../../src/index.ts";
import { openNew } from "../open-volume.ts";
import { md5Of, newObject } from "../scratch.ts";

const unable = noLoopDisks();
const options = unable === undefined ? {} : { skip: unable };

interface Filled {
  /** MD5 of what was sent. */
  readonly sent: Map<string, string>;
  /** MD5 of what was said to be stored. */
  readonly stored: Map<string, string>;
  readonly errors: Map<string, unknown>;
}

/** Stores files of 20 kB, 200 at a time, until one fails. */
async function fill(volume: LocalVolume): Promise<Filled> {
  const sent = new Map<string, string>();
  const stored = new Map<string, string>();
  const errors = new Map<string, unknown>();
  for (let round = 0; errors.size === 0; round += 1) {
    const keys = Array.from({ length: 200 }, (_, index) => `${round}/${index}.jpg`);
    await Promise.all(
      keys.map(async (key) => {
        const bytes = new Uint8Array(randomBytes(20_000));
        const md5 = md5Of(bytes);
        sent.set(key, md5);
        try {
          stored.set(key, (await volume.put(newObject(key, { expectedMd5: md5 }), bytes)).md5);
        } catch (error) {
          errors.set(key, error);
        }
      }),
    );
  }
  return { sent, stored, errors };
}

async function assertAllThere(root: string, stored: Map<string, string>): Promise<void> {
  const entered = new Map<string, string>();
  for await (const line of readManifest(root, () => {}))
    if (!("lost" in line)) entered.set(line.key, line.md5);
  for (const [key, md5] of stored) {
    assert.equal(md5Of(readFileSync(join(root, "photos", key))), md5, key);
    assert.equal(entered.get(key), md5, `${key} in the manifest`);
  }
}

/** Every file under a final name is whole, answered or not. */
function assertNothingTorn(root: string, sent: Map<string, string>): void {
  for (const name of readdirSync(join(root, "photos"), { recursive: true, encoding: "utf8" })) {
    const md5 = sent.get(name);
    if (md5 !== undefined) assert.equal(md5Of(readFileSync(join(root, "photos", name))), md5, name);
  }
}

function kindOf(error: unknown): string {
  return error instanceof HostError ? error.kind : String(error);
}

function open(root: string, durability: Durability): Promise<LocalVolume> {
  return openVolume(root, { init: true, instance: "here", durability, log: silentLog });
}

for (const durability of ["group", "file"] as const) {
  test(
    `a disk that loses writes is never followed by an answer (${durability})`,
    options,
    async (t: TestContext) => {
      const disk = loopDisk(t, { sizeMib: 128, backingMib: 40 });
      const volume = await open(disk.root, durability);
      const { sent, stored, errors } = await fill(volume);
      assert.ok(stored.size > 100, `only ${stored.size} files before the failure`);
      assert.deepEqual([...new Set([...errors.values()].map(kindOf))], ["io"]);
      await assert.rejects(volume.put(newObject("late"), new Uint8Array(1)), HostError);
      await volume[Symbol.asyncDispose]();
      disk.remount(160);
      await assertAllThere(disk.root, stored);
      assertNothingTorn(disk.root, sent);
      const again = await open(disk.root, durability);
      assert.deepEqual(readdirSync(join(disk.root, ".brigade/tmp/here")), ["lock"]);
      const bytes = new Uint8Array(randomBytes(20_000));
      await again.put(newObject("after"), bytes);
      await again[Symbol.asyncDispose]();
      assert.ok(existsSync(join(disk.root, "photos/after")));
    },
  );

  test(
    `a full disk refuses with 'full', keeps what it answered, and goes on when there is room (${durability})`,
    options,
    async (t: TestContext) => {
      const disk = loopDisk(t, { sizeMib: 24, backingMib: 64 });
      const volume = await open(disk.root, durability);
      const { sent, stored, errors } = await fill(volume);
      assert.deepEqual([...new Set([...errors.values()].map(kindOf))], ["full"]);
      assert.deepEqual(
        readdirSync(join(disk.root, ".brigade/tmp/here")),
        ["landing.ndjson", "lock"],
        "no temporary file stays",
      );
      for (const name of readdirSync(join(disk.root, "photos/0"))) {
        rmSync(join(disk.root, "photos/0", name));
        stored.delete(`0/${name}`);
      }
      const bytes = new Uint8Array(randomBytes(20_000));
      stored.set("after.jpg", (await volume.put(newObject("after.jpg"), bytes)).md5);
      await volume[Symbol.asyncDispose]();
      disk.remount(64);
      await assertAllThere(disk.root, stored);
      assertNothingTorn(disk.root, sent);
    },
  );
}

test("a disk that hangs keeps only its own callers waiting", options, async (t: TestContext) => {
  const disk = loopDisk(t, {});
  const hanging = await open(disk.root, "group");
  const { volume: other } = await openNew(t);
  await hanging.put(newObject("before"), new Uint8Array(1));
  disk.freeze();
  let settled = false;
  const late = hanging.put(newObject("late"), new Uint8Array(1)).finally(() => {
    settled = true;
  });
  try {
    for (let round = 0; round < 5; round += 1) await other.put(newObject(`${round}`), new Uint8Array(1));
    assert.equal(settled, false);
  } finally {
    disk.thaw();
  }
  assert.equal((await late).size, 1);
  await hanging[Symbol.asyncDispose]();
});
