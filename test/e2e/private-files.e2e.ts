import assert from "node:assert/strict";
import { chmod, mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { explicitTree, startBucket } from "../bucket/index.ts";
import { brigade, environmentFor, temporaryFolder } from "./brigade.ts";

/** A bucket with an object that is stored and one that fails, and the settings to copy it. */
async function scene(t: TestContext) {
  const tree = explicitTree([
    ["a.txt", Buffer.from("a")],
    ["b.txt", Buffer.from("b")],
  ]);
  const bucket = await startBucket({ tree });
  t.after(() => bucket[Symbol.asyncDispose]());
  bucket.forbid("b.txt");
  return { environment: environmentFor(bucket), folder: await temporaryFolder(t) };
}

/** Returns the rights of users other than the owner, for a folder and everything below it. */
async function rightsOfOthers(folder: string): Promise<Record<string, number>> {
  const names = ["", ...(await readdir(folder, { recursive: true }))];
  const rights = names.map(async (name) => [name, (await stat(join(folder, name))).mode & 0o077] as const);
  return Object.fromEntries(await Promise.all(rights));
}

function assertPrivate(rights: Record<string, number>): void {
  const open = Object.entries(rights).filter(([, others]) => others !== 0);
  assert.deepEqual(open, []);
}

test("the state folder of a copy, its accounts, queues, backups and lists are for their owner alone; the disk is for all", async (t) => {
  const { environment, folder } = await scene(t);
  const volume = join(folder, "volume");
  const state = join(volume, ".brigade", "state");
  assert.equal((await brigade(["copy", "upyun://demo/", volume], environment)).code, 3);
  assert.equal((await brigade(["ledger", "backup", "--state-dir", volume], environment)).code, 0);
  const rights = await rightsOfOthers(state);
  for (const name of [
    "",
    "catalogue.sqlite",
    "queues.sqlite",
    "catalogue.sqlite.backup",
    "volumes.json",
    "failed",
  ])
    assert.ok(name in rights, name);
  assertPrivate(rights);
  const explaining = await rightsOfOthers(join(volume, ".brigade"));
  const readable = Object.entries(explaining).filter(([name]) => /^(volume\.json|manifest.*|)$/.test(name));
  assert.ok(readable.length > 3);
  for (const [name, others] of readable) assert.notEqual(others & 0o044, 0, name);
  assert.notEqual((await stat(volume)).mode & 0o044, 0);
});

test("files that the version before left readable for all are made private by the next run", async (t) => {
  const { environment, folder } = await scene(t);
  const volume = join(folder, "volume");
  const state = join(volume, ".brigade", "state");
  const args = ["copy", "upyun://demo/", volume];
  assert.equal((await brigade(args, environment)).code, 3);
  for (const name of await readdir(state)) await chmod(join(state, name), name === "failed" ? 0o755 : 0o644);
  await chmod(state, 0o755);
  assert.equal((await brigade(args, environment)).code, 3);
  assertPrivate(await rightsOfOthers(state));
});

test("STATE_DIR with a list's index is private where it is made or was empty; a folder with other things keeps its mode", async (t) => {
  const { folder } = await scene(t);
  const list = join(folder, "urls.txt");
  await writeFile(list, "http://127.0.0.1:9/a.jpg\n");
  const shared = join(folder, "shared");
  await mkdir(shared);
  await writeFile(join(shared, "other"), "");
  const empty = join(folder, "empty");
  await mkdir(empty);
  for (const state of [join(folder, "made"), empty, shared]) {
    const args = ["copy", `list:${list}`, join(folder, "volume"), "--state-dir", state];
    const { code, stderr } = await brigade(args, { MAX_ATTEMPTS: "1", OUTAGE_LIMIT_MS: "0" });
    assert.notEqual(code, 2, stderr);
    const { "": own, other: _, ...rights } = await rightsOfOthers(state);
    assertPrivate(rights);
    assert.ok("catalogue.sqlite" in rights && "lists/urls.sqlite" in rights, Object.keys(rights).join());
    assert.equal(own, state === shared ? 0o055 : 0);
  }
});
