import assert from "node:assert/strict";
import { chmod, chown, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { getuid } from "node:process";
import { type TestContext, test } from "node:test";
import { explicitTree, startBucket } from "../bucket/index.ts";
import { faultyDisk } from "../disks/faulty-disk.ts";
import { loopDisk, noLoopDisks } from "../disks/loop-disk.ts";
import { brigade, environmentFor, type Finished, startBrigade, temporaryFolder } from "../e2e/brigade.ts";
import { assertHolds } from "../e2e/disk.ts";
import { freePort } from "../free-ports.ts";
import { until } from "../waiting.ts";

/*
 * A disk that cannot be used is reported in one line, with the remedy, before anything is made on
 * any disk.
 */

const keys = Array.from({ length: 20 }, (_, index) => `a/${index}.txt`);
const tree = explicitTree(keys.map((key) => [key, { size: 500 }]));
const nobody = 65_534;
const asNobody = ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups"];
const unprivileged = getuid?.() === 0 ? {} : { skip: "needs root, to become another user" };
const unable = noLoopDisks();
const withDisks = unable === undefined ? {} : { skip: unable };

function assertOneLine({ code, stderr, stdout }: Finished, expected: number, words: RegExp): void {
  assert.equal(code, expected, stderr);
  assert.match(stderr, words);
  assert.deepEqual([stderr.trim().split("\n").length, stdout], [1, ""], stderr);
}

const forms: Readonly<Record<string, readonly [(path: string) => Promise<unknown>, RegExp]>> = {
  "a plain file": [(path) => writeFile(path, ""), /is a file, not a folder/],
  "a dangling link": [(path) => symlink("/nowhere/at/all", path), /a link to what is not there/],
  "below a plain file": [
    async (path) => {
      await mkdir(join(path, ".."), { recursive: true });
      await writeFile(path, "");
    },
    /not a folder/,
  ],
};

for (const [form, [make, words]] of Object.entries(forms)) {
  for (const place of ["first", "second", "STATE_DIR"] as const) {
    test(`${form} in place of the ${place === "STATE_DIR" ? place : `${place} volume`}: one line, nothing made`, async (t) => {
      await using bucket = await startBucket({ tree });
      const [good, folder] = [await temporaryFolder(t), await temporaryFolder(t)];
      const path = join(folder, "it");
      await make(path);
      const bad = form === "below a plain file" ? join(path, "below") : path;
      const roots = { first: [bad, good], second: [good, bad], STATE_DIR: [good] }[place];
      const state = place === "STATE_DIR" ? bad : await temporaryFolder(t);
      const finished = await brigade(
        ["copy", "upyun://demo/", ...roots, "--state-dir", state],
        environmentFor(bucket),
      );
      assertOneLine(finished, 2, place === "STATE_DIR" ? /state folder/ : words);
      assert.deepEqual(await readdir(good), [], "nothing was made on the other");
    });
  }
}

test(
  "a disk whose top belongs to root cannot be used by others, and copy and doctor both print that",
  unprivileged,
  async (t) => {
    await using bucket = await startBucket({ tree });
    const [good, bad] = [await temporaryFolder(t), await temporaryFolder(t)];
    await Promise.all([chown(good, nobody, nobody), chmod(bad, 0o755)]);
    for (const roots of [
      [good, bad],
      [bad, good],
    ]) {
      const finished = await brigade(
        ["copy", "upyun://demo/", ...roots],
        environmentFor(bucket),
        undefined,
        asNobody,
      );
      assertOneLine(
        finished,
        2,
        /EACCES.*this user may not write there \(user 65534, group 65534\).*chown -R 65534:65534/,
      );
      assert.deepEqual([await readdir(good), await readdir(bad)], [[], []]);
    }
    const doctor = await brigade(
      ["doctor", "upyun://demo/", bad],
      environmentFor(bucket),
      undefined,
      asNobody,
    );
    assert.match(doctor.stdout, /FAIL {2}disk .*this user may not write there/);
  },
);

test(
  "a fresh ext4, whose lost+found is root's alone, is used by another user",
  withDisks,
  async (t: TestContext) => {
    await using bucket = await startBucket({ tree });
    const { root } = loopDisk(t, {});
    await Promise.all([chmod(dirname(root), 0o755), chown(root, nobody, nobody)]);
    assert.deepEqual(await readdir(root), ["lost+found"]);
    const doctor = await brigade(
      ["doctor", "upyun://demo/", root],
      environmentFor(bucket),
      undefined,
      asNobody,
    );
    assert.equal(doctor.code, 0, doctor.stdout);
    const copied = await brigade(
      ["copy", "upyun://demo/", root],
      environmentFor(bucket),
      undefined,
      asNobody,
    );
    assert.equal(copied.code, 0, copied.stderr);
    await assertHolds([root], bucket, keys);
    const verified = await brigade(["verify", root], {}, undefined, asNobody);
    assert.equal(verified.code, 0, verified.stderr + verified.stdout);
  },
);

test(
  "a disk with no room at all is left out with one line; alone it ends the run with exit 4, and with room the same command goes on",
  withDisks,
  async (t: TestContext) => {
    await using bucket = await startBucket({ tree });
    const { root } = loopDisk(t, { sizeMib: 24 });
    const other = await temporaryFolder(t);
    const ballast = join(root, "ballast");
    const fill = async () => {
      for (const size of [1024 * 1024, 1024]) {
        const bytes = Buffer.alloc(size);
        for (;;) {
          try {
            await writeFile(ballast, bytes, { flag: "a" });
          } catch {
            break; // it is full
          }
        }
      }
    };
    await fill();
    const run = (...roots: string[]) =>
      brigade(["copy", "upyun://demo/", ...roots, "--state-dir", join(other, "s")], environmentFor(bucket));
    assertOneLine(await run(root), 4, /ENOSPC.*make some/);
    const without = await run(root, other);
    assert.equal(without.code, 0, without.stderr);
    assert.match(without.stderr, /^[^\n]*ENOSPC[^\n]*the work goes on without it[^\n]*\n$/);
    await assertHolds([other], bucket, keys);
    await writeFile(ballast, "");
    const copied = await run(root, other);
    assert.deepEqual([copied.code, copied.stderr], [0, ""]);
  },
);

test("a file system without locks is named at once, with the remedy", async (t) => {
  await using bucket = await startBucket({ tree });
  for (const error of ["ENOLCK", "EOPNOTSUPP", "EIO", "EACCES"] as const) {
    const volume = await temporaryFolder(t);
    const began = performance.now();
    const finished = await brigade(["copy", "upyun://demo/", volume], {
      ...environmentFor(bucket),
      ...faultyDisk({ call: "lock", error, path: volume }),
    });
    assertOneLine(finished, 2, /no locks.*local_lock=all/);
    assert.ok(performance.now() - began < 15_000, "at once");
    assert.deepEqual(await readdir(volume), []);
  }
});

test("a read-only disk is reported in one line, and nothing is made on any disk", async (t) => {
  await using bucket = await startBucket({ tree });
  const volume = await temporaryFolder(t);
  const finished = await brigade(["copy", "upyun://demo/", volume], {
    ...environmentFor(bucket),
    ...faultyDisk({ call: "mkdir", error: "EROFS", path: volume }),
  });
  assertOneLine(finished, 2, /file system is read-only/);
});

test("a copy ends with exit 4 where a disk fails, and a service goes on with its others", async (t) => {
  await using bucket = await startBucket({ tree });
  for (const error of ["EIO", "EUCLEAN", "ESTALE"] as const) {
    const [good, bad] = [await temporaryFolder(t), await temporaryFolder(t)];
    const failing = { ...environmentFor(bucket), ...faultyDisk({ call: "mkdir", error, path: bad }) };
    assertOneLine(await brigade(["copy", "upyun://demo/", good, bad], failing), 4, new RegExp(error));
    const port = await freePort();
    const { child, finished } = startBrigade(["downloader"], {
      ...failing,
      ...{ VOLUMES: `${bad}:${good}`, VOLUME_AUTO_INIT: "true", SOURCES: "demo=upyun://demo/" },
      ...{ AMQP_URL: "amqp://guest:guest@127.0.0.1:1", HTTP_PORT: String(port) },
    });
    await until(
      "it listens",
      async () => (await fetch(`http://127.0.0.1:${port}/`).catch(() => false)) !== false,
    );
    child.kill("SIGTERM");
    const { code, stderr } = await finished;
    assert.equal(code, 0, stderr);
    assert.match(stderr, new RegExp(`${bad}.*${error}.*the work goes on without it`));
    assert.deepEqual(await readdir(bad), []);
  }
});
