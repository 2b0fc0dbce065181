import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import {
  compositeTree,
  explicitTree,
  hostileRows,
  objectsOf,
  oddObjects,
  sampleTree,
  startBucket,
  syntheticTree,
  under,
  withHostileRows,
} from "../bucket/index.ts";
import { brigade, environmentFor, temporaryFolder } from "./brigade.ts";
import { assertHolds, filesBelow, temporaryFiles } from "./disk.ts";

function keysOf(tree: Parameters<typeof objectsOf>[0]): string[] {
  return [...objectsOf(tree)].map(({ key }) => key);
}

test("copy brings 100,000 objects home, byte for byte, onto two volumes", async (t) => {
  const tree = syntheticTree({
    directories: 200,
    filesPerDirectory: 500,
    minSize: 500,
    maxSize: 4_000,
    seed: 7,
  });
  await using bucket = await startBucket({ tree });
  const folder = await temporaryFolder(t);
  const volumes = [join(folder, "a"), join(folder, "b")];

  const { code, stdout, stderr } = await brigade(
    ["copy", "upyun://demo/", ...volumes, "--json"],
    environmentFor(bucket, "domain"),
  );

  assert.equal(code, 0, stderr);
  const report = JSON.parse(stdout);
  assert.equal(report.complete, true);
  assert.equal(report.counts.listed.objects, 100_000);
  assert.equal(report.counts.stored.objects, 100_000);
  await assertHolds(volumes, bucket, keysOf(tree));

  await t.test("a second copy of the same 100,000 objects fetches nothing", async () => {
    const before = bucket.counters.get + bucket.counters.domain;
    const again = await brigade(
      ["copy", "upyun://demo/", ...volumes, "--json"],
      environmentFor(bucket, "domain"),
    );
    assert.equal(again.code, 0, again.stderr);
    assert.equal(JSON.parse(again.stdout).counts.unchanged.objects, 100_000);
    assert.equal(bucket.counters.get + bucket.counters.domain, before);
  });
});

test("copy keeps names, sizes and times of pictures with odd names", async (t) => {
  const tree = compositeTree(explicitTree(under("odd", oddObjects())), sampleTree());
  for (const by of ["rest", "domain"] as const) {
    await using bucket = await startBucket({ tree });
    const volume = await temporaryFolder(t);
    const { code, stderr } = await brigade(["copy", "upyun://demo/", volume], environmentFor(bucket, by));
    assert.equal(code, 0, stderr);
    await assertHolds([volume], bucket, keysOf(tree), {
      pathOf: (key) => key.replaceAll(/(^|\/)\.brigade(?=\/|$)/gi, "$1%~2e~brigade"),
    });
    for (const { key, modified } of objectsOf(sampleTree())) {
      const { mtimeMs } = await stat(join(volume, "demo", key));
      assert.equal(mtimeMs, modified * 1000, key);
      break;
    }
  }
});

test("hostile names are refused one by one, the rest is stored, and the exit code is 3", async (t) => {
  const plain = syntheticTree({
    directories: 5,
    filesPerDirectory: 100,
    minSize: 100,
    maxSize: 900,
    seed: 3,
  });
  const hostile = hostileRows();
  await using bucket = await startBucket({ tree: withHostileRows(plain, hostile) });
  const folder = await temporaryFolder(t);
  const volume = join(folder, "volume");

  const { code, stdout } = await brigade(["copy", "upyun://demo/", volume, "--json"], environmentFor(bucket));

  assert.equal(code, 3);
  const report = JSON.parse(stdout);
  assert.equal(report.counts.stored.objects, 500);
  assert.equal(report.counts.failed.objects, hostile.length);
  assert.equal(report.failed.length, hostile.length);
  await assertHolds([volume], bucket, keysOf(plain));
  assert.deepEqual(
    await filesBelow(folder).then((all) => all.filter((path) => !path.startsWith("volume/"))),
    [],
  );
  const lines = (await readFile(report.failedFile, "utf8")).trim().split("\n");
  assert.equal(lines.length, hostile.length);
});

test("copy fetches only what is new, changed, or gone from the disk", async (t) => {
  const tree = syntheticTree({ directories: 4, filesPerDirectory: 50, minSize: 100, maxSize: 900, seed: 4 });
  await using bucket = await startBucket({ tree });
  const volume = await temporaryFolder(t);
  const run = () => brigade(["copy", "upyun://demo/", volume, "--json"], environmentFor(bucket));
  assert.equal((await run()).code, 0);
  const keys = keysOf(tree);
  const [changed = "", deleted = ""] = keys;
  bucket.put(changed, { bytes: Buffer.from("changed"), modified: 1_700_000_000 });
  bucket.put("new/object.txt", { bytes: Buffer.from("new"), modified: 1_700_000_000 });
  const { rm } = await import("node:fs/promises");
  await rm(join(volume, "demo", deleted));

  const { code, stdout } = await run();

  assert.equal(code, 0);
  const { counts } = JSON.parse(stdout);
  assert.deepEqual([counts.stored.objects, counts.unchanged.objects], [3, 198]);
  await assertHolds([volume], bucket, [...keys, "new/object.txt"]);
  assert.equal(bucket.fetches(keys[2] ?? ""), 1);
});

test("an object overwritten between listing and fetch is stored as it now is, and recorded so", async (t) => {
  const tree = explicitTree([["a/picture.jpg", { bytes: Buffer.alloc(1000, 1), modified: 1_600_000_000 }]]);
  await using bucket = await startBucket({ tree });
  const newer = Buffer.alloc(700, 2);
  const listed = bucket.tree.list("a", undefined, 10, "asc");
  bucket.put("a/picture.jpg", { bytes: newer, modified: 1_700_000_000 });
  const list = bucket.tree.list.bind(bucket.tree);
  Object.assign(bucket.tree, {
    list: (directory: string, ...rest: [undefined, number, "asc"]) =>
      directory === "a" ? listed : list(directory, ...rest),
  });
  const volume = await temporaryFolder(t);

  const { code } = await brigade(["copy", "upyun://demo/", volume], environmentFor(bucket));

  assert.equal(code, 0);
  assert.deepEqual(await readFile(join(volume, "demo/a/picture.jpg")), newer);
  assert.equal((await stat(join(volume, "demo/a/picture.jpg"))).mtimeMs, 1_700_000_000_000);
  Object.assign(bucket.tree, { list });
  const again = await brigade(["copy", "upyun://demo/", volume, "--json"], environmentFor(bucket));
  assert.equal(JSON.parse(again.stdout).counts.unchanged.objects, 1);
  assert.deepEqual(await temporaryFiles(volume), []);
});
