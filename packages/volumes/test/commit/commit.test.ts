import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { HostError, type StoredObject } from "@brigade/core";
import type { Syncer } from "../../src/commit/syncer.ts";
import { openForWriting } from "../../src/opening/opening.ts";
import type { Storing } from "../../src/opening/storing.ts";
import { bytesOf, newObject, scratchFolder } from "../scratch.ts";

/** Syncs that end when the test says so; what lies on the disk when each begins is recorded. */
class StepwiseSyncer implements Syncer {
  readonly each = false;
  readonly begun: { files: string[]; lines: string[] }[] = [];
  readonly #root: string;
  #running: PromiseWithResolvers<void> | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  sync(): Promise<void> {
    this.begun.push({ files: filesOf(this.#root), lines: linesOf(this.#root) });
    this.#running = Promise.withResolvers<void>();
    return this.#running.promise;
  }

  close(): void {}

  /** Ends the running sync, and gives what follows its turn. */
  async end(error?: Error): Promise<void> {
    if (error) this.#running?.reject(error);
    else this.#running?.resolve();
    this.#running = undefined;
    for (let turns = 0; turns < 5; turns += 1) await turn();
  }
}

function filesOf(root: string): string[] {
  return readdirSync(join(root, "photos")).sort();
}

function linesOf(root: string): string[] {
  const folder = join(root, ".brigade/manifest");
  const text = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
  return text
    .join("")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => String(JSON.parse(line).key));
}

async function openStepwise(test: TestContext) {
  const root = scratchFolder(test);
  const syncer = new StepwiseSyncer(root);
  const opened = await openForWriting(
    { root, init: true, instance: "here", durability: "group" },
    { syncer, onCompleted: () => {}, onWarning: (error) => assert.fail(String(error)) },
  );
  const resolved: string[] = [];
  const rejected: [string, unknown][] = [];
  const put = async (...keys: string[]) => {
    for (const key of keys) putOne(opened.storing, key, resolved, rejected);
    await turn();
    await turn();
  };
  return { root, syncer, opened, put, resolved, rejected };
}

function putOne(storing: Storing, key: string, resolved: string[], rejected: [string, unknown][]): void {
  storing.put(
    newObject(key),
    { bytes: bytesOf(key) },
    {
      resolve: (_: StoredObject) => resolved.push(key),
      reject: (error) => rejected.push([key, error]),
    },
    () => {},
  );
}

test("names are given after the data is synced, and answers after the names are, one sync a group", async (t) => {
  const { root, syncer, opened, put, resolved } = await openStepwise(t);
  await put("a1", "a2");
  assert.deepEqual(syncer.begun, [{ files: [], lines: [] }]);
  await put("b1");
  assert.deepEqual([filesOf(root), resolved], [[], []], "nothing is named during the first sync");
  await syncer.end();
  assert.deepEqual(syncer.begun[1], { files: ["a1", "a2"], lines: ["a1", "a2"] });
  assert.deepEqual(resolved, [], "named, but the names are not synced");
  await put("c1");
  await syncer.end();
  assert.deepEqual(resolved, ["a1", "a2"]);
  assert.deepEqual(syncer.begun[2], { files: ["a1", "a2", "b1"], lines: ["a1", "a2", "b1"] });
  await syncer.end();
  await syncer.end();
  assert.deepEqual(resolved, ["a1", "a2", "b1", "c1"]);
  assert.equal(syncer.begun.length, 4, "three groups in a row take four syncs");
  await opened[Symbol.asyncDispose]();
});

test("after a failed sync no file counts as stored any more", async (t) => {
  const { root, syncer, opened, put, resolved, rejected } = await openStepwise(t);
  await put("a");
  await put("b");
  await syncer.end();
  await put("c");
  // `a` is named, `b` is being synced, `c` is written: all may be lost.
  await syncer.end(Object.assign(new Error("ENOSPC: syncfs"), { code: "ENOSPC" }));
  assert.deepEqual(rejected.map(([key]) => key).sort(), ["a", "b", "c"]);
  for (const [, error] of rejected) assert.ok(error instanceof HostError && error.kind === "io");
  assert.equal(syncer.begun.length, 2);
  assert.throws(
    () =>
      opened.storing.put(newObject("d"), { bytes: bytesOf("d") }, { resolve() {}, reject() {} }, () => {}),
    HostError,
  );
  assert.deepEqual(filesOf(root), ["a"], "what was not synced is never named");
  assert.deepEqual(readdirSync(join(root, ".brigade/tmp/here")), ["landing.ndjson", "lock"]);
  assert.deepEqual(resolved, []);
  await opened[Symbol.asyncDispose]();
});

test("waits for everything when it is closed", async (t) => {
  const { syncer, opened, put, resolved } = await openStepwise(t);
  await put("a");
  let closed = false;
  const closing = opened[Symbol.asyncDispose]().then(() => {
    closed = true;
  });
  await syncer.end();
  assert.equal(closed, false);
  await syncer.end();
  await closing;
  assert.deepEqual(resolved, ["a"]);
});
