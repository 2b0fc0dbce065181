import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { objectsOf } from "../bucket/index.ts";
import { brigade } from "../e2e/brigade.ts";
import { assertHolds } from "../e2e/disk.ts";
import { randomOf } from "../random.ts";
import { type Buckets, startBuckets } from "./buckets.ts";
import { CutDisk } from "./cut.ts";
import { findWrong, type Moment } from "./findings.ts";
import { type FileSystem, loggedDisk, memoryDisk, mountedImage, releaseBelow } from "./logged-disk.ts";
import { chooseMoments } from "./moments.ts";
import { points, seed } from "./options.ts";
import { copy, type Durability, recordCopies } from "./recording.ts";
import { requireDisks } from "./requirements.ts";
import { WriteLog } from "./write-log.ts";

const held = new AsyncDisposableStack();
let buckets: Buckets;
let folder: string;

before(async () => {
  requireDisks();
  console.error(`POWERCUT_SEED=${seed} POWERCUT_POINTS=${points}`);
  folder = mkdtempSync(join(tmpdir(), "brigade-powercut-"));
  held.defer(() => rmSync(folder, { recursive: true }));
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      releaseBelow(folder);
      process.exit(1);
    });
  held.use(memoryDisk(folder));
  buckets = held.use(await startBuckets());
});
after(() => held.disposeAsync());

/** A moment, and the disk as it was after it. */
interface Cut extends Moment {
  readonly root: string;
}

/**
 * Records a copy on a disk, then cuts its power at random moments. Returns the faults, moment by
 * moment.
 */
async function cutOff(
  fileSystem: FileSystem,
  durability: Durability,
  look: (cut: Cut) => Promise<string[]>,
): Promise<string[]> {
  const scratch = mkdtempSync(join(folder, `${fileSystem}-${durability}-`));
  const at = (name: string) => join(scratch, name);
  const chance = randomOf(seed);
  const wrong: string[] = [];
  try {
    const { phases, log: path, before } = await record(scratch, fileSystem, durability);
    using log = new WriteLog(path);
    using cutDisk = new CutDisk(log, before);
    mkdirSync(at("root-after"));
    for (const { loss, ...moment } of chooseMoments(log, phases, points, chance)) {
      cutDisk.cutAt(moment.position, loss, chance, at("cut"));
      using _mounted = mountedImage(at("cut"), fileSystem, at("root-after"));
      const found = await look({ ...moment, root: at("root-after") });
      wrong.push(
        ...found.map(
          (one) => `cut off at byte ${moment.position} of the log, unflushed writes ${loss}: ${one}`,
        ),
      );
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
  return wrong;
}

/** Unmounts the disk at its end: no kernel mounts two XFS with one identity. */
async function record(scratch: string, fileSystem: FileSystem, durability: Durability) {
  using disk = loggedDisk(scratch, fileSystem);
  return { ...disk, phases: await recordCopies(disk, buckets, durability, scratch) };
}

for (const fileSystem of ["ext4", "xfs"] as const) {
  for (const durability of ["group", "file"] as const) {
    test(`${fileSystem}, --durability ${durability}: after a power cut nothing that was reported is lost, nothing visible is wrong, and the same command goes on to the end`, async () => {
      const wrong = await cutOff(fileSystem, durability, async (cut) => [
        ...(await findWrong(cut.root, cut, buckets, join(folder, "state"))),
        ...(await goOn(cut, durability)),
      ]);
      assert.deepEqual(wrong, [], `POWERCUT_SEED=${seed}`);
    });
  }

  test(`${fileSystem}, --durability none: the same check finds losses after a power cut`, async () => {
    const wrong = await cutOff(fileSystem, "none", (cut) =>
      findWrong(cut.root, cut, buckets, join(folder, "state")),
    );
    assert.ok(wrong.length > 0, "no loss was found: this test sees none");
  });
}

/**
 * Runs the command that was cut off once more, and reads the disk again. Returns the faults, in
 * words.
 */
async function goOn({ root, phases }: Cut, durability: Durability): Promise<string[]> {
  const bucket = buckets[phases.at(-1)?.bucket ?? "before"];
  const wrong: string[] = [];
  const again = await copy(root, bucket, durability);
  if (again.code !== 0) wrong.push(`copy ended with ${again.code}: ${again.stderr}${again.stdout}`);
  const keys = objectsOf(bucket.tree).map(({ key }) => key);
  await assertHolds([root], bucket, keys).catch((error) => wrong.push(`after copy: ${error.message}`));
  const verified = await brigade(["verify", root]);
  if (verified.code !== 0)
    wrong.push(`verify ended with ${verified.code}: ${verified.stderr}${verified.stdout}`);
  return wrong;
}
