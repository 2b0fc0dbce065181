import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ConfigError, HostError } from "@brigade/core";
import { silentLog } from "../../../../test/logs.ts";
import { layoutOf } from "../../src/identity/identity.ts";
import { openVolume, verifyVolume } from "../../src/index.ts";
import { tryLock } from "../../src/own-files/lock.ts";
import { Checkers } from "../../src/verify/checkers.ts";
import { ObjectIndex } from "../../src/verify/object-index.ts";
import { Verification } from "../../src/verify/verification.ts";
import { bytesOf, newObject } from "../scratch.ts";
import { damage, manyKeys, storeOn, verified, volumeOf } from "./verified.ts";

const indexFolder = (root: string) => join(root, ".brigade/verify/_all");

/**
 * Verifies in this thread. `atBatch` is called before every batch of files is looked at. `quietMs`:
 * as `verifyVolume` has it.
 */
async function verifyHere(root: string, atBatch: (batch: number, stop: () => void) => unknown, quietMs = 0) {
  mkdirSync(indexFolder(root), { recursive: true });
  using index = new ObjectIndex(join(indexFolder(root), "index.db"));
  await using checkers = new Checkers(root, 2);
  const stopping = new AbortController();
  const stop = () => {
    checkers.stop();
    stopping.abort();
  };
  const looked: string[] = [];
  const told: string[] = [];
  let batches = 0;
  const verification = new Verification({
    layout: layoutOf(root),
    index,
    checkers: {
      check: async (files) => {
        batches += 1;
        await atBatch(batches, stop);
        const findings = await checkers.check(files);
        looked.push(...files.slice(0, findings.length).map(({ path }) => path));
        return findings;
      },
    },
    threads: 2,
    sources: ["photos"],
    source: undefined,
    quietMs,
    send: async ({ differences }) => {
      told.push(...differences.map(({ problem, path }) => `${problem} ${path}`));
    },
    signal: stopping.signal,
  });
  try {
    return { summary: await verification.run(), looked, told };
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
    return { summary: undefined, looked, told };
  } finally {
    index.commit();
  }
}

/** A volume whose verification was interrupted; what was looked at then. */
async function interrupted(test: TestContext, keys: readonly string[]) {
  const root = await volumeOf(test, keys);
  const { summary, looked } = await verifyHere(root, (batch, stop) => batch === 6 && stop());
  assert.equal(summary, undefined);
  assert.ok(looked.length > 0 && looked.length < keys.length, `${looked.length} of ${keys.length}`);
  return { root, looked };
}

test("goes on where it was interrupted, and looks at nothing again that was good", async (t) => {
  const keys = manyKeys(3000);
  const { root, looked } = await interrupted(t, keys);
  const { summary, looked: more } = await verifyHere(root, () => {});
  assert.equal(summary?.files, keys.length);
  assert.deepEqual([...looked, ...more].sort(), keys.toSorted(), "every file once");
});

test("an interrupted run goes on in another process, which gets the earlier problems again", async (t) => {
  const keys = manyKeys(3000);
  const root = await volumeOf(t, keys);
  rmSync(join(root, "photos", keys[0] ?? ""));
  const { looked } = await verifyHere(root, (batch, stop) => batch === 6 && stop());
  const before = new Set(looked);
  for (const key of keys.slice(1)) damage(root, key);
  const { told, summary } = await verified(root);
  const expected = keys.slice(1).filter((key) => !before.has(key));
  assert.deepEqual(told, [`missing photos/${keys[0]}`, ...expected.map((key) => `md5 photos/${key}`)].sort());
  assert.deepEqual([summary.problems.md5, summary.problems.missing], [expected.length, 1]);
  assert.equal(existsSync(join(root, ".brigade/verify")), false, "a finished one forgets");
  assert.equal((await verified(root)).summary.problems.md5, keys.length - 1);
});

test("includes what was stored while it was interrupted", async (t) => {
  const { root, looked } = await interrupted(t, manyKeys(3000));
  const [again = ""] = looked;
  const volume = await openVolume(root, {
    init: false,
    instance: "here",
    durability: "none",
    log: silentLog,
  });
  await volume.put(newObject(again), bytesOf("another version"));
  await volume[Symbol.asyncDispose]();
  await storeOn(root, ["new/1", "new/2"]);
  damage(root, "new/2");
  const { summary, told } = await verified(root);
  assert.deepEqual([summary.files, told], [3002, ["md5 photos/new/2"]]);
});

test("begins anew when that is wished", async (t) => {
  const { root } = await interrupted(t, manyKeys(3000));
  for (const key of manyKeys(3000)) damage(root, key);
  const { summary } = await verified(root, { restart: true });
  assert.equal(summary.problems.md5, 3000);
});

test("begins anew when its notes are damaged", async (t) => {
  const { root } = await interrupted(t, manyKeys(3000));
  truncateSync(join(indexFolder(root), "index.db"), 5000);
  rmSync(join(indexFolder(root), "index.db-wal"), { force: true });
  const { summary, told } = await verified(root);
  assert.deepEqual([summary.files, told], [3000, []]);
});

test("does not go on with a manifest that has lost lines meanwhile", async (t) => {
  const { root } = await interrupted(t, manyKeys(3000));
  truncateSync(join(root, ".brigade/manifest/here-1.ndjson"), 1000);
  await assert.rejects(
    verified(root),
    (error) => error instanceof HostError && /from the start/.test(error.message),
  );
});

test("reports no difference for objects that are stored meanwhile", async (t) => {
  const keys = manyKeys(3000);
  const root = await volumeOf(t, keys);
  const volume = await openVolume(root, {
    init: false,
    instance: "at-work",
    durability: "none",
    log: silentLog,
  });
  const put = (key: string, text: string) => volume.put(newObject(key), bytesOf(text));
  let added = 0;
  const store = async (batch: number) => {
    if (batch > 12) return;
    // Of the batch that is about to be looked at, and of all others: new versions, and new objects.
    await Promise.all(
      keys.filter((_, at) => at % 50 === batch).map((key) => put(key, `${key}, version ${batch}`)),
    );
    await put(`new/${batch}`, "12345");
    added += 1;
    rmSync(join(root, "photos", `new/${batch - 3}`), { force: true });
  };
  // On a busy machine the writer may pause between a file's name and its line.
  const { summary, told } = await verifyHere(root, store, 2000);
  await volume[Symbol.asyncDispose]();
  const news = readdirSync(join(root, "photos/new"));
  const missing = told.map((line) => line.slice("missing new/".length)).sort();
  assert.equal(summary?.files, 3000 + added, "everything was taken in");
  for (const line of told) assert.match(line, /^missing new\//, "what is told is true");
  for (const name of missing) assert.ok(!news.includes(name));
});

test("stops soon after its signal, with an AbortError", async (t) => {
  const root = await volumeOf(t, manyKeys(3000));
  const stopping = new AbortController();
  const stopped = (error: unknown) => error instanceof Error && error.name === "AbortError";
  await assert.rejects(
    verified(root, { signal: stopping.signal, onProgress: () => stopping.abort() }),
    stopped,
  );
  assert.ok(existsSync(join(indexFolder(root), "index.db")), "what is done is kept");
  await assert.rejects(verified(root, { signal: stopping.signal }), stopped);
  assert.deepEqual((await verified(root)).told, []);
});

test("one verification at a time", async (t) => {
  const root = await volumeOf(t, ["a"]);
  mkdirSync(indexFolder(root), { recursive: true });
  using lock = tryLock(join(indexFolder(root), "lock"), 0);
  assert.ok(lock);
  await assert.rejects(
    verified(root),
    (error) => error instanceof ConfigError && /another process/.test(error.message),
  );
});

test("an error that the callback throws comes back to the caller", async (t) => {
  const root = await volumeOf(t, ["a"]);
  rmSync(join(root, "photos/a"));
  const onDifference = () => {
    throw new Error("no room for the report");
  };
  await assert.rejects(verifyVolume(root, { onDifference, quietMs: 0 }), /no room for the report/);
  assert.deepEqual((await verified(root)).told, ["missing photos/a"], "and is told again");
});
