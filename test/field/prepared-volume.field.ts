import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { explicitTree, startBucket } from "../bucket/index.ts";
import { brigade, environmentFor, type Finished, temporaryFolder } from "../e2e/brigade.ts";

/*
 * Somebody else prepared the disk: its `.brigade` has pipes, and links to files of the user who
 * copies onto it.
 */

const tree = explicitTree([
  ["a/1.txt", { size: 500 }],
  ["a/2.txt", { size: 500 }],
]);

/** A volume with stored objects, a function that copies again, and a folder elsewhere. */
async function prepared(t: TestContext) {
  const bucket = await startBucket({ tree });
  t.after(() => bucket[Symbol.asyncDispose]());
  const [volume, outside] = [await temporaryFolder(t), await temporaryFolder(t)];
  await writeFile(join(outside, "precious"), "of somebody");
  const copy = () => brigade(["copy", "upyun://demo/", volume], environmentFor(bucket));
  assert.equal((await copy()).code, 0);
  return { volume, outside, copy };
}

async function assertUntouched(outside: string): Promise<void> {
  assert.deepEqual(await readdir(outside), ["precious"]);
  assert.equal(await readFile(join(outside, "precious"), "utf8"), "of somebody");
}

function assertRefused({ code, stderr }: Finished, path: string): void {
  assert.equal(code, 2, stderr);
  const told = stderr.split("\n").filter((line) => line !== "" && !line.startsWith('{"level":30'));
  assert.equal(told.length, 1, stderr);
  assert.ok(told[0]?.includes(path), stderr);
  assert.match(told[0] ?? "", /: remove it/);
}

for (const name of [
  "state",
  "state/catalogue.sqlite",
  "state/catalogue.sqlite-wal",
  "state/queues.sqlite",
  "state/queues.sqlite-journal",
  "state/volumes.json",
]) {
  test(`copy writes nothing through .brigade/${name} that is a link, and does not wait for a pipe`, async (t) => {
    const { volume, outside, copy } = await prepared(t);
    const place = join(volume, ".brigade", name);
    await rm(place, { recursive: true, force: true });
    await symlink(name === "state" ? outside : join(outside, "precious"), place);
    assertRefused(await copy(), place);
    await assertUntouched(outside);
    await rm(place);
    execFileSync("mkfifo", [place]);
    assertRefused(await copy(), place);
    await rm(place);
    assert.equal((await copy()).code, 0, "with that removed");
  });
}

test("commands that read a volume's accounts follow no links there", async (t) => {
  const { volume, outside } = await prepared(t);
  const place = join(volume, ".brigade/state/catalogue.sqlite");
  await rename(place, join(outside, "catalogue.sqlite"));
  await symlink(join(outside, "catalogue.sqlite"), place);
  assertRefused(await brigade(["status", "--state-dir", volume]), place);
});

test("the list of failed objects is not written through a link; a line reports that, and the run ends as usual", async (t) => {
  const bucket = await startBucket({ tree, forbidden: ["a/1.txt"] });
  t.after(() => bucket[Symbol.asyncDispose]());
  const [volume, outside] = [await temporaryFolder(t), await temporaryFolder(t)];
  await writeFile(join(outside, "precious"), "of somebody");
  const environment = { ...environmentFor(bucket), MAX_ATTEMPTS: "1" };
  await mkdir(join(volume, ".brigade/state"), { recursive: true });
  await symlink(outside, join(volume, ".brigade/state/failed"));
  const { code, stderr } = await brigade(["copy", "upyun://demo/", volume], environment);
  assert.equal(code, 3, stderr);
  assert.match(stderr, /the list of failed objects could not be written/);
  await assertUntouched(outside);
});
