import assert from "node:assert/strict";
import { mkdir, readdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Bucket, explicitTree, startBucket } from "../bucket/index.ts";
import { noLoopDisks } from "../disks/loop-disk.ts";
import {
  brigade,
  environmentFor,
  type Finished,
  type Running,
  startBrigade,
  temporaryFolder,
} from "../e2e/brigade.ts";
import { assertHolds, filesBelow } from "../e2e/disk.ts";
import { failingDisk } from "./everything/failing-disk.ts";

/*
 * A run never ends well in silence while files lie on a disk that is not here.
 */

const keys = Array.from({ length: 200 }, (_, index) => `d${index % 5}/${index}.txt`);
const tree = explicitTree(keys.map((key, index) => [key, { size: 500 + index }]));
const unable = noLoopDisks();
const withDisks = unable === undefined ? {} : { skip: unable };

interface Scene {
  readonly bucket: Bucket;
  readonly environment: NodeJS.ProcessEnv;
  copy(...words: readonly string[]): Promise<Finished>;
}

/** Batches of 4, so that each of two volumes gets some. */
async function scene(t: TestContext, latencyMs = 0): Promise<Scene> {
  const bucket = await startBucket({ tree, latencyMs });
  t.after(() => bucket[Symbol.asyncDispose]());
  const environment = {
    ...environmentFor(bucket),
    BATCH_FILES: "4",
    ...(latencyMs > 0 && { FETCH_CONCURRENCY: "4" }),
    XDG_STATE_HOME: await temporaryFolder(t),
  };
  return {
    bucket,
    environment,
    copy: (...words) => brigade(["copy", "upyun://demo/", ...words], environment),
  };
}

function assertRefused({ code, stderr, stdout }: Finished, words: RegExp): void {
  assert.equal(code, 2, stderr + stdout);
  assert.match(stderr, words);
  assert.equal(stderr.trim().split("\n").length, 1, stderr);
}

/** Stops a run when the disk has some objects, while something happens to the disk. */
async function inTheMiddle({ child }: Running, root: string, happening: () => void): Promise<void> {
  while ((await count(root).catch(() => 0)) < 5) await new Promise((resolve) => setTimeout(resolve, 10));
  child.kill("SIGSTOP");
  happening();
  child.kill("SIGCONT");
}

const count = async (root: string) => (await filesBelow(join(root, "demo"))).length;

test("a volume left out of the command is reported in one line with its objects, and the exit code is 0", async (t) => {
  const { copy } = await scene(t);
  const folder = await temporaryFolder(t);
  const [n1, n2] = [join(folder, "n1"), join(folder, "n2")];
  assert.equal((await copy(n1, n2)).code, 0);
  const lying = await count(n2);
  const { code, stdout, stderr } = await copy(n1);
  assert.equal(code, 0, stderr);
  assert.deepEqual(stdout.match(/.*which is not here.*/g), [
    `  ${lying} objects lie on n2, which is not here`,
  ]);
  const again = JSON.parse((await copy(n1, "--json")).stdout);
  assert.deepEqual(
    again.absent.map(({ label, objects }: { label: string; objects: number }) => [label, objects]),
    [["n2", lying]],
  );
  assert.doesNotMatch((await copy(n1, n2)).stdout, /not here/);
});

test("after a run with `--http` its disks do not count as absent", async (t) => {
  const { copy, environment } = await scene(t);
  const volume = await temporaryFolder(t);
  assert.equal((await copy(volume, "--http", "0")).code, 0);
  for (const command of [["status"], ["audit", "upyun://demo/"]]) {
    const { code, stdout, stderr } = await brigade([...command, "--state-dir", volume], environment);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stdout, /not here/);
  }
});

test("an empty folder, or another volume, in the place of a full one is refused unless it is to be a new volume", async (t) => {
  const { copy, bucket } = await scene(t);
  const folder = await temporaryFolder(t);
  const [n1, n2] = [join(folder, "n1"), join(folder, "n2")];
  assert.equal((await copy(n1, n2)).code, 0);
  const lying = await count(n2);
  await rm(n2, { recursive: true });
  assertRefused(await copy(n1, n2), /n2 was the volume \S+ and is none now.*--new-volume/);
  assert.deepEqual(await readdir(folder), ["n1"], "nothing was made");
  assert.equal((await brigade(["volume", "init", n1])).code, 0);
  await mkdir(n2);
  assert.equal((await brigade(["volume", "init", n2])).code, 0);
  assertRefused(await copy(n1, n2), /n2 was the volume \S+ and is another now/);
  const allowed = await copy(n1, n2, "--new-volume");
  assert.equal(allowed.code, 0, allowed.stderr);
  assert.match(allowed.stdout, new RegExp(`${lying} objects lie on n2, which is not here`));
  const forgotten = await brigade([
    "volume",
    "forget",
    /\S+-\S+-\S+-\S+/.exec(allowed.stderr)?.[0] ?? "",
    "--state-dir",
    n1,
  ]);
  assert.equal(forgotten.code, 0, forgotten.stderr);
  assert.equal((await copy(n1, n2)).code, 0);
  await assertHolds([n1, n2], bucket, keys);
});

test("volumes that are named by links, or have changed places, are recognised", async (t) => {
  const { copy } = await scene(t);
  const folder = await temporaryFolder(t);
  const [n1, n2, link] = [join(folder, "n1"), join(folder, "n2"), join(folder, "link")];
  await mkdir(n2);
  await symlink(n2, link);
  assert.equal((await copy(n1, link)).code, 0);
  await rm(n2, { recursive: true });
  await mkdir(n2);
  assertRefused(await copy(n1, link), /was the volume/);
});

test(
  "a disk that is unmounted in the middle of a run ends it with exit 3 and its name",
  withDisks,
  async (t) => {
    const { environment, copy, bucket } = await scene(t, 150);
    const good = await temporaryFolder(t);
    const disk = failingDisk(t, { mib: 64, owner: 0 });
    const { root } = disk;
    const running = startBrigade(["copy", "upyun://demo/", good, root], environment);
    await inTheMiddle(running, root, disk.unmount);
    const { finished } = running;
    const { code, stdout, stderr } = await finished;
    assert.equal(code, 3, stderr + stdout);
    assert.match(stdout, /\d+ objects lie on root, which was lost in this run: .*unmounted/);
    assertRefused(await copy(good, root), /is its disk mounted/);
    disk.mount();
    assert.equal((await copy(good, root)).code, 0);
    await assertHolds([good, root], bucket, keys);
  },
);

test(
  "a disk that fails after its last object was stored ends the run with exit 3, too",
  withDisks,
  async (t) => {
    const { environment } = await scene(t, 150);
    const good = await temporaryFolder(t);
    const disk = failingDisk(t, { mib: 64, owner: 0 });
    const running = startBrigade(["copy", "upyun://demo/", good, disk.root, "--json"], environment);
    await inTheMiddle(running, disk.root, disk.fail);
    const { finished } = running;
    const { code, stdout, stderr } = await finished;
    assert.equal(code, 3, stderr);
    const [lost] = JSON.parse(stdout).absent;
    assert.ok(lost.objects > 0 && /EIO|cannot be/.test(lost.lost), JSON.stringify(lost));
  },
);

test(
  "a first volume that is not mounted is noticed, whether its disk is away or an empty one is there",
  withDisks,
  async (t) => {
    const { copy, bucket } = await scene(t);
    const disk = failingDisk(t, { mib: 64, owner: 0 });
    const { root } = disk;
    for (const volume of [join(root, "below"), root]) {
      assert.equal((await copy(volume)).code, 0);
      disk.unmount();
      assertRefused(await copy(volume), /is its disk mounted\? --new-volume/);
      assert.deepEqual(await readdir(root), [], "the mount point stays empty");
      disk.mount();
      assert.equal((await copy(volume)).code, 0);
      disk.replace();
      assertRefused(await copy(volume), /is its disk mounted\? --new-volume/);
      const allowed = await copy(volume, "--new-volume");
      assert.equal(allowed.code, 0, allowed.stderr);
      await assertHolds([volume], bucket, keys);
      await rm(volume, { recursive: true }).catch(() => {}); // a mount point stays
    }
  },
);

test(
  "neither volume init nor a downloader makes a volume of the mount point of a disk that is away",
  withDisks,
  async (t) => {
    const { copy, environment } = await scene(t);
    const disk = failingDisk(t, { mib: 64, owner: 0 });
    const { root } = disk;
    assert.equal((await copy(root)).code, 0);
    disk.unmount();
    assertRefused(await brigade(["volume", "init", root], environment), /is its disk mounted\?/);
    const downloader = await brigade(["downloader"], {
      ...environment,
      AMQP_URL: "amqp://guest:guest@127.0.0.1:1",
      SOURCES: "demo=upyun://demo/",
      VOLUMES: root,
      VOLUME_AUTO_INIT: "true",
      HTTP_PORT: "0",
    });
    assert.equal(downloader.code, 2, downloader.stderr);
    assert.match(downloader.stderr, /is its disk mounted\?.*volume init --new-volume/);
    assert.deepEqual(await readdir(root), []);
    assert.equal((await brigade(["volume", "init", "--new-volume", root], environment)).code, 0);
    disk.mount();
  },
);

test("a plain folder that was emptied becomes a new volume with one line", async (t) => {
  const { copy, bucket } = await scene(t);
  const volume = join(await temporaryFolder(t), "plain");
  assert.equal((await copy(volume)).code, 0);
  await rm(volume, { recursive: true });
  const { code, stderr } = await copy(volume);
  assert.equal(code, 0, stderr);
  assert.equal(stderr.match(/a new volume begins in the place of another one/g)?.length, 1, stderr);
  await assertHolds([volume], bucket, keys);
});

test("if the machine's record of volumes cannot be written, one line says so", async (t) => {
  const { environment } = await scene(t);
  for (const XDG_STATE_HOME of ["/dev/null/state", "/proc/state"]) {
    const volume = await temporaryFolder(t);
    const { code, stderr } = await brigade(["copy", "upyun://demo/", volume], {
      ...environment,
      XDG_STATE_HOME,
    });
    assert.equal(code, 0, stderr);
    assert.equal(stderr.match(/volumes cannot be written/g)?.length, 1, stderr);
  }
});
