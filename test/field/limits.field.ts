import assert from "node:assert/strict";
import { before, test } from "node:test";
import {
  type Bucket,
  explicitTree,
  type ObjectSet,
  objectsOf,
  startBucket,
  syntheticTree,
} from "../bucket/index.ts";
import { environmentFor, temporaryFolder } from "../e2e/brigade.ts";
import { filesBelow } from "../e2e/disk.ts";
import { type Limit, limitedBrigade, requireMemoryGroups } from "./limited.ts";

before(requireMemoryGroups);

/** `size`: 1 for the whole, less for a part of it. */
const trees: Readonly<Record<string, (size: number) => ObjectSet>> = {
  "30,000 small files": (size) =>
    syntheticTree({ directories: 30, filesPerDirectory: 1_000 * size, minSize: 20_000, maxSize: 20_000 }),
  "large objects": () =>
    explicitTree(
      Array.from({ length: 6 }, (_, index) => [`film${index}.mp4`, { size: 100_000_000 + index }] as const),
    ),
  "a wide directory": (size) =>
    syntheticTree({ directories: 1, depth: 0, filesPerDirectory: 20_000 * size, minSize: 100, maxSize: 200 }),
};

for (const [what, treeOf] of Object.entries(trees)) {
  for (const [memory, size] of [
    [256, 1],
    [512, 0.2],
  ] as const) {
    test(`copy is complete with ${memory} MiB and 64 open files: ${what}${size < 1 ? ", a part" : ""}`, async (t) => {
      await using bucket = await startBucket({ tree: treeOf(size) });
      const { stderr } = await copyAll(t, bucket, { memory, openFiles: 64 });
      assert.match(stderr, /open files are limited to 64 \(ulimit -n\), so FETCH_CONCURRENCY is \d+/);
      assert.match(stderr, new RegExp(`memory is limited to ${memory} MiB`));
      assert.doesNotMatch(stderr, /EMFILE/);
    });
  }
}

test("copy is complete with 64 open files where each file and each folder is synced by itself", async (t) => {
  const tree = syntheticTree({ directories: 40, filesPerDirectory: 20, minSize: 20_000, maxSize: 20_000 });
  await using bucket = await startBucket({ tree });
  const { stderr } = await copyAll(t, bucket, { openFiles: 64 }, { DURABILITY: "file" });
  assert.doesNotMatch(stderr, /EMFILE/);
});

/** With more connections than the limits allow. */
async function copyAll(
  t: Parameters<typeof limitedBrigade>[0],
  bucket: Bucket,
  limit: Limit,
  environment: NodeJS.ProcessEnv = {},
) {
  const volume = await temporaryFolder(t);
  const finished = await limitedBrigade(t, limit, ["copy", "upyun://demo/", volume, "--json"], {
    ...environmentFor(bucket),
    FETCH_CONCURRENCY: "500",
    LIST_CONCURRENCY: "64",
    ...environment,
  });
  const { code, stderr, stdout } = finished;
  assert.equal(code, 0, stderr);
  const keys = objectsOf(bucket.tree).map(({ key }) => key);
  assert.deepEqual(await filesBelow(`${volume}/demo`), [...keys].sort());
  assert.equal(JSON.parse(stdout).counts.failed.objects, 0);
  return finished;
}

test("copy says in one line, at once, that the memory it may have is too little", async (t) => {
  await using bucket = await startBucket({ tree: explicitTree([["a.jpg", { size: 10 }]]) });
  const { code, stderr } = await limitedBrigade(
    t,
    { memory: 128 },
    ["copy", "upyun://demo/", await temporaryFolder(t)],
    environmentFor(bucket),
  );
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^brigade: configuration: memory is limited to 128 MiB: at least \d+ MiB are needed\n$/,
  );
});

test("get has fewer connections where few files may be open", async (t) => {
  const body = { size: 30_000_000 };
  await using bucket = await startBucket({ tree: explicitTree([["film.mp4", body]]) });
  const folder = await temporaryFolder(t);
  const { code, stderr } = await limitedBrigade(t, { openFiles: 64 }, [
    "get",
    `${bucket.domainUrl}/film.mp4`,
    "-d",
    folder,
    "--connections",
    "200",
    "--min-segment",
    "64KiB",
  ]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /so there are 24 connections/);
  assert.ok(bucket.counters.peak <= 24, `${bucket.counters.peak} connections`);
  assert.deepEqual(await filesBelow(folder), ["film.mp4"]);
});
