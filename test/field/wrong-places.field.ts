import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Bucket, explicitTree, startBucket } from "../bucket/index.ts";
import { brigade, environmentFor, type Finished, startBrigade, temporaryFolder } from "../e2e/brigade.ts";
import { assertHolds } from "../e2e/disk.ts";

/*
 * Files go to the place that was named, or nowhere: a path that leads to another place is refused
 * in one line.
 */

const keys = Array.from({ length: 60 }, (_, index) => `a/${index}.txt`);
const tree = explicitTree(keys.map((key) => [key, { size: 500 }]));

async function bucketFor(t: TestContext, latencyMs = 0): Promise<Bucket> {
  const bucket = await startBucket({ tree, latencyMs });
  t.after(() => bucket[Symbol.asyncDispose]());
  return bucket;
}

function assertRefused({ code, stderr, stdout }: Finished, words: RegExp): void {
  assert.equal(code, 2, stderr + stdout);
  assert.match(stderr, words);
  assert.deepEqual([stderr.trim().split("\n").length, stdout], [1, ""], stderr);
}

/** Runs a shell's script in a folder; `brigade` is the command there. */
function shell(folder: string, script: string, environment: NodeJS.ProcessEnv): Promise<Finished> {
  const command = 'program="$1 $2"; brigade() { $program "$@"; }';
  return brigade([], environment, undefined, ["sh", "-c", `cd "$0"; ${command}; ${script}`, folder]);
}

test("every command refuses an empty argument, a URL in place of a folder and a path that cannot be a folder", async (t) => {
  const environment = environmentFor(await bucketFor(t));
  const folder = await temporaryFolder(t);
  const volume = join(folder, "v");
  await mkdir(volume);
  await symlink("/", join(folder, "root"));
  for (const [args, words] of [
    [["copy", "upyun://demo/", ""], /argument 2 is empty/],
    [["copy", "upyun://demo/", volume, ""], /argument 3 is empty/],
    [["copy", "upyun://demo/", volume, "--state-dir", ""], /--state-dir is empty/],
    [["copy", "upyun://demo/", volume, "--include", ""], /--include is empty/],
    [["verify", ""], /argument 1 is empty/],
    [["volume", "init", volume, ""], /argument 2 is empty/],
    [["status", "--state-dir", ""], /--state-dir is empty/],
    [["copy", "upyun://demo/", "upyun://b/"], /is a URL, not a folder/],
    [["copy", "upyun://demo/", volume, "HTTPS://x/"], /is a URL, not a folder/],
    [["copy", "upyun://demo/", volume, "--state-dir", "file:///x"], /is a URL, not a folder/],
    [["volume", "init", "upyun://b/"], /is a URL, not a folder/],
    [["copy", "upyun://demo/", "/"], /root of this machine/],
    [["copy", "upyun://demo/", join(folder, "root")], /root of this machine/],
    [["copy", "upyun://demo/", "/proc/brigade"], /kernel/],
    [["volume", "init", "/dev"], /kernel/],
    [["copy", "upyun://demo/", volume, join(volume, "below")], /lies inside/],
    [["copy", "upyun://demo/", volume, volume], /same folder/],
  ] as const) {
    assertRefused(await brigade(args, environment), words);
  }
  assert.deepEqual(await readdir(folder), ["root", "v"]);
  assert.deepEqual(await readdir(volume), []);
});

test("of two copies of a source at once on the same volumes, in another order, the second is refused", async (t) => {
  const bucket = await bucketFor(t, 2_000);
  const environment = { ...environmentFor(bucket), FETCH_CONCURRENCY: "1", SHUTDOWN_GRACE_MS: "0" };
  const folder = await temporaryFolder(t);
  const [a, b] = [join(folder, "a"), join(folder, "b")];
  const { child, finished } = startBrigade(["copy", "upyun://demo/", a, b], environment);
  while (bucket.counters.get === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  for (const roots of [[b, a], [b], [a, b]])
    assertRefused(
      await brigade(["copy", "upyun://demo/", ...roots], environment),
      /another copy of "demo" is at work/,
    );
  child.kill("SIGTERM");
  const { code, stderr } = await finished;
  assert.equal(code, 130, stderr);
});

test("--state-dir means the same for copy as for all others: a folder, or the volume that has the accounts", async (t) => {
  const bucket = await bucketFor(t);
  const folder = await temporaryFolder(t);
  const [a, b, state] = [join(folder, "a"), join(folder, "b"), join(folder, "state")];
  for (const place of [b, state]) {
    const environment = environmentFor(bucket);
    const copied = await brigade(["copy", "upyun://demo/", a, b, "--state-dir", place], environment);
    assert.equal(copied.code, 0, copied.stderr);
    for (const args of [
      ["status", "--state-dir", place],
      ["where", "a/1.txt", "--state-dir", place],
    ]) {
      const { code, stderr } = await brigade(args, environment);
      assert.equal(code, 0, stderr);
    }
  }
  // The placement chooses which of the volumes has the few files.
  const others = (await readdir(b)).filter((name) => name !== ".brigade" && name !== "demo");
  assert.deepEqual(others, []);
});

test("a path that is not UTF-8 is refused, as an argument, a link or the working directory", async (t) => {
  const environment = environmentFor(await bucketFor(t));
  const folder = await temporaryFolder(t);
  execFileSync("sh", [
    "-c",
    `cd "$0" && mkdir "$(printf '\\264\\305')" && ln -s "$(printf '\\264\\305')" link`,
    folder,
  ]);
  for (const script of [
    `brigade copy upyun://demo/ "$(printf '\\264\\305')"`,
    `brigade copy upyun://demo/ link`,
    `brigade copy upyun://demo/ "$PWD/$(printf '\\264\\305')/below"`,
    `cd "$(printf '\\264\\305')" && brigade copy upyun://demo/ here`,
    `export VOLUMES="$PWD/$(printf '\\264\\305')"; brigade copy upyun://demo/`,
    `brigade copy upyun://demo/ ok --state-dir="$PWD/$(printf '\\264\\305')"`,
  ]) {
    assertRefused(await shell(folder, script, environment), /not UTF-8/);
  }
  assert.equal((await readdir(folder)).length, 2);
});

test("a path with U+FFFD in it is accepted: only bytes that are not UTF-8 are refused", async (t) => {
  const bucket = await bucketFor(t);
  const environment = environmentFor(bucket);
  const folder = await temporaryFolder(t);
  const stands = join(folder, "a\ufffdb");
  await mkdir(stands);
  for (const [script, volume] of [
    [`brigade copy upyun://demo/ "$PWD/$(printf '\\357\\277\\275')"`, join(folder, "\ufffd")],
    [
      `export VOLUMES="$PWD/$(printf 'v\\357\\277\\275')"; brigade copy upyun://demo/`,
      join(folder, "v\ufffd"),
    ],
    [`cd "$(printf 'a\\357\\277\\275b')" && brigade copy upyun://demo/ here`, join(stands, "here")],
    [
      `export NOTE="$(printf '\\264')"; brigade copy upyun://demo/ "$(printf 'n\\357\\277\\275')"`,
      join(folder, "n\ufffd"),
    ],
  ] as const) {
    const { code, stderr } = await shell(folder, script, environment);
    assert.equal(code, 0, stderr);
    await assertHolds([volume], bucket, keys);
  }
});

test("in a removed working directory absolute paths work, relative ones are refused", async (t) => {
  const bucket = await bucketFor(t);
  const folder = await temporaryFolder(t);
  const volume = join(folder, "v");
  const gone = `mkdir gone && cd gone && rmdir ../gone && `;
  const { code, stderr } = await shell(
    folder,
    `${gone}brigade copy upyun://demo/ '${volume}'`,
    environmentFor(bucket),
  );
  assert.equal(code, 0, stderr);
  await assertHolds([volume], bucket, keys);
  assertRefused(
    await shell(folder, `${gone}brigade copy upyun://demo/ here`, environmentFor(bucket)),
    /working directory was removed/,
  );
});

test("volumes with newlines, blanks, quotes and colons in their paths work", async (t) => {
  const bucket = await bucketFor(t);
  const folder = await temporaryFolder(t);
  for (const name of ["new\nline", " blank ", `quotes'"\``, "a:b", "список", "-x"]) {
    const volume = join(folder, name);
    const { code, stderr } = await brigade(["copy", "upyun://demo/", volume], environmentFor(bucket));
    assert.equal(code, 0, stderr);
    await assertHolds([volume], bucket, keys);
  }
});
