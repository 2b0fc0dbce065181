import assert from "node:assert/strict";
import { cp, open, readdir, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Bucket, objectsOf, startBucket, syntheticTree } from "../bucket/index.ts";
import { brigade, environmentFor, startBrigade, temporaryFolder } from "../e2e/brigade.ts";
import { assertHolds } from "../e2e/disk.ts";
import { memoryDisk, noMemoryDisks } from "./memory-disk.ts";

const tree = syntheticTree({
  directories: 100,
  filesPerDirectory: 100,
  minSize: 100,
  maxSize: 200,
  seed: 12,
});
const keys = [...objectsOf(tree)].map(({ key }) => key);

async function bucketFor(t: TestContext, latencyMs = 0): Promise<Bucket> {
  const bucket = await startBucket({ tree, latencyMs });
  t.after(() => bucket.close());
  return bucket;
}

/** Returns the lines on stderr without the log's information: one line per fault. */
function faults(stderr: string): string[] {
  return stderr.split("\n").filter((line) => line !== "" && !line.startsWith('{"level":30'));
}

for (const file of ["queues.sqlite", "catalogue.sqlite"]) {
  test(`copy ends with exit 4 and one line when the disk of ${file} is full, and goes on when it has room`, {
    skip: noMemoryDisks,
  }, async (t) => {
    const bucket = await bucketFor(t);
    const disk = memoryDisk(t, 1);
    const [volume, state] = [await temporaryFolder(t), await temporaryFolder(t)];
    await symlink(join(disk.root, file), join(state, file));
    const environment = { ...environmentFor(bucket), STATE_DIR: state };
    const began = performance.now();

    const full = await brigade(["copy", "upyun://demo/", volume], environment);

    assert.equal(full.code, 4, full.stderr);
    assert.ok(performance.now() - began < 60_000);
    assert.equal(faults(full.stderr).length, 1, full.stderr);
    assert.match(full.stderr, new RegExp(`cannot go on: no room on the disk for .*${file}: free some space`));
    disk.resize(100);
    const again = await brigade(["copy", "upyun://demo/", volume], environment);
    assert.equal(again.code, 0, again.stderr);
    await assertHolds([volume], bucket, keys);
  });
}

test("copy ends with exit 4 and one line when its state lies on a read-only disk, and goes on when it does not", {
  skip: noMemoryDisks,
}, async (t) => {
  const bucket = await bucketFor(t);
  const disk = memoryDisk(t, 100);
  const [volume, state] = [await temporaryFolder(t), join(disk.root, "state")];
  const environment = { ...environmentFor(bucket), STATE_DIR: state };
  const interrupted = startBrigade(["copy", "upyun://demo/", volume], environment);
  await hasBegun(volume);
  interrupted.child.kill("SIGKILL");
  await interrupted.finished;
  disk.setReadOnly(true);

  const refused = await brigade(["copy", "upyun://demo/", volume], environment);

  assert.equal(refused.code, 4, refused.stderr);
  assert.equal(faults(refused.stderr).length, 1, refused.stderr);
  assert.match(refused.stderr, /read-only/i);
  disk.setReadOnly(false);
  assert.equal((await brigade(["copy", "upyun://demo/", volume], environment)).code, 0);
  await assertHolds([volume], bucket, keys);
});

/** Some objects lie on the volume. */
async function hasBegun(volume: string): Promise<void> {
  const folder = join(volume, "demo");
  while ((await readdir(folder, { recursive: true }).catch(() => [])).length < 300) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const damages: Readonly<Record<string, (path: string, size: number) => Promise<void>>> = {
  "cut in half": (path, size) => truncate(path, Math.floor(size / 2)),
  "emptied, with its log": async (path) => {
    await truncate(path, 0);
    await rm(`${path}-wal`, { force: true });
  },
  "overwritten in its last pages": (path, size) => overwrite(path, Math.max(0, size - 20_000), 16_000),
};

async function overwrite(path: string, from: number, bytes: number): Promise<void> {
  await using file = await open(path, "r+");
  await file.write(Buffer.alloc(bytes, 0x5a), 0, bytes, from);
}

test("copy never hangs on a damaged queue database, and what it advises completes the set", async (t) => {
  const bucket = await bucketFor(t, 5);
  const template = await temporaryFolder(t);
  const environment = environmentFor(bucket);
  const interrupted = startBrigade(["copy", "upyun://demo/", template], environment);
  await hasBegun(template);
  interrupted.child.kill("SIGKILL");
  await interrupted.finished;
  for (const [how, damage] of Object.entries(damages)) {
    await t.test(how, async (t) => {
      const volume = join(await temporaryFolder(t), "volume");
      await cp(template, volume, { recursive: true, preserveTimestamps: true });
      const queues = join(volume, ".brigade", "state", "queues.sqlite");
      await rm(`${queues}-wal`, { force: true });
      await damage(queues, (await stat(queues)).size);
      const began = performance.now();

      const first = await brigade(["copy", "upyun://demo/", volume], environment);

      assert.ok(performance.now() - began < 60_000, first.stderr);
      assert.ok([0, 3, 4].includes(first.code ?? -1), `exit ${first.code}: ${first.stderr}`);
      if (first.code === 4) {
        assert.equal(faults(first.stderr).length, 1, first.stderr);
        assert.match(first.stderr, /damaged .*move .* away and run the same command with --restart/);
        for (const end of ["", "-wal"]) await rm(queues + end, { force: true });
      }
      const second = await brigade(["copy", "upyun://demo/", volume, "--restart"], environment);
      assert.equal(second.code, 0, second.stderr);
      await assertHolds([volume], bucket, keys);
    });
  }
});

test("a file in the place of the state folder is reported in one line, exit 2", async (t) => {
  const bucket = await bucketFor(t);
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, "file"), "");
  const environment = { ...environmentFor(bucket), STATE_DIR: join(folder, "file", "state") };
  const { code, stderr } = await brigade(["copy", "upyun://demo/", join(folder, "v")], environment);
  assert.equal(code, 2, stderr);
  assert.equal(faults(stderr).length, 1);
  assert.match(stderr, /state folder .* cannot be made \(ENOTDIR\): .*--state-dir/);
});
