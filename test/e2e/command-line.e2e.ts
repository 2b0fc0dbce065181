import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { objectsOf, startBucket, syntheticTree } from "../bucket/index.ts";
import { brigade, environmentFor, onTerminal, temporaryFolder } from "./brigade.ts";
import { filesBelow } from "./disk.ts";

const tree = syntheticTree({ directories: 3, filesPerDirectory: 10, minSize: 100, maxSize: 900, seed: 2 });

test("a wrong password is one clear line and exit code 4, at once", async (t) => {
  await using bucket = await startBucket({ tree });
  const volume = await temporaryFolder(t);
  const { code, stderr } = await brigade(["copy", "upyun://demo/", volume], {
    ...environmentFor(bucket),
    UPYUN_PASSWORD: "wrong",
  });
  assert.equal(code, 4);
  assert.equal(stderr.trim().split("\n").length, 1, stderr);
  assert.match(stderr, /UPYUN_PASSWORD/);
  assert.doesNotMatch(stderr, /wrong/);
  assert.ok(bucket.counters.list <= 2, `${bucket.counters.list} listings were tried`);
  assert.deepEqual(await filesBelow(volume), []);
});

test("all problems of a configuration are reported together, with exit code 2", async (t) => {
  const volume = await temporaryFolder(t);
  const { code, stderr } = await brigade(["copy", "upyun://demo/", volume, "--min-size", "huge"], {
    UPYUN_ENDPOINT: "ftp://example",
    FETCH_CONCURRENCY: "many",
    MAX_ATTEMPTS: "0",
    DURABILITY: "sometimes",
  });
  assert.equal(code, 2);
  for (const name of [
    "UPYUN_OPERATOR",
    "UPYUN_PASSWORD",
    "UPYUN_ENDPOINT",
    "FETCH_CONCURRENCY",
    "MAX_ATTEMPTS",
    "DURABILITY",
    "--min-size",
  ]) {
    assert.match(stderr, new RegExp(name), `${name} is not named:\n${stderr}`);
  }
});

test("an unknown option, source or directory is a usage error", async (t) => {
  await using bucket = await startBucket({ tree });
  const volume = await temporaryFolder(t);
  const environment = environmentFor(bucket);
  for (const args of [
    ["copy"],
    ["copy", "upyun://demo/", volume, "--nonsense"],
    ["copy", "gopher://demo/", volume],
    ["copy", "upyun://demo/no/such/directory", volume],
    ["nonsense"],
  ]) {
    const { code, stderr } = await brigade(args, environment);
    assert.equal(code, 2, `${args.join(" ")}: ${stderr}`);
    assert.doesNotMatch(stderr, /\n {4}at /, "a stack trace");
  }
});

test("a dry run lists objects and bytes by directory, and stores nothing", async (t) => {
  await using bucket = await startBucket({ tree });
  const volume = join(await temporaryFolder(t), "volume");
  await mkdir(volume);
  const plain = await brigade(["copy", "upyun://demo/", volume, "--dry-run"], environmentFor(bucket));
  assert.equal(plain.code, 0, plain.stderr);
  assert.match(plain.stdout, /30 .* in all/);
  const json = await brigade(
    ["copy", "upyun://demo/", volume, "--dry-run", "--json"],
    environmentFor(bucket),
  );
  assert.equal(JSON.parse(json.stdout).objects, 30);
  assert.equal(bucket.counters.get, 0);
  assert.deepEqual(await filesBelow(volume), []);
});

test("filters choose what is copied and counted", async (t) => {
  await using bucket = await startBucket({ tree });
  bucket.put("notes/readme.txt", Buffer.from("read me"));
  const volume = await temporaryFolder(t);
  const { code, stdout } = await brigade(
    ["copy", "upyun://demo/", volume, "--json", "--include", "*.txt"],
    environmentFor(bucket),
  );
  assert.equal(code, 0);
  assert.equal(JSON.parse(stdout).counts.listed.objects, 1);
  assert.deepEqual(await filesBelow(volume), ["demo/notes/readme.txt"]);
});

test("an image version that does not exist stops the run with one line", async (t) => {
  await using bucket = await startBucket({ tree });
  const volume = await temporaryFolder(t);
  const { code, stderr } = await brigade(["copy", "upyun://demo/", volume, "--log-level", "error"], {
    ...environmentFor(bucket, "domain"),
    UPYUN_VERSION: "!nosuch",
  });
  assert.equal(code, 4);
  assert.match(stderr, /nosuch/);
  assert.equal(stderr.trim().split("\n").length, 1, stderr);
});

test("doctor prints what works, and what to mend", async (t) => {
  await using bucket = await startBucket({ tree });
  const volume = await temporaryFolder(t);
  const well = await brigade(["doctor", "upyun://demo/", volume], environmentFor(bucket, "domain"));
  assert.equal(well.code, 0, well.stdout + well.stderr);
  for (const check of ["configuration", "clock", "listing", "object", "disk"]) {
    assert.match(well.stdout, new RegExp(`ok +${check}`));
  }
  const ill = await brigade(["doctor", "upyun://demo/", join(volume, "missing")], {
    ...environmentFor(bucket),
    UPYUN_PASSWORD: "wrong",
  });
  assert.equal(ill.code, 4);
  assert.match(ill.stdout, /FAIL +listing.*UPYUN_PASSWORD.*\n +→ /);
  assert.match(ill.stdout, /FAIL +disk/);
});

test("help names every command and exit code", async () => {
  const { code, stdout } = await brigade(["--help"]);
  assert.equal(code, 0);
  assert.match(stdout, /copy/);
  assert.match(stdout, /doctor/);
  assert.match(stdout, /130 +interrupted/);
});

test("on a terminal a bar shows how far it is, log lines go above it, and the result follows", async (t) => {
  await using bucket = await startBucket({ tree });
  const [forbidden = ""] = [...objectsOf(tree)].map(({ key }) => key);
  bucket.forbid(forbidden);
  const volume = await temporaryFolder(t);
  const shown = await onTerminal(["copy", "upyun://demo/", volume], environmentFor(bucket));
  assert.equal(shown.code, 3, shown.text);
  assert.match(shown.text, /100% 30\/30 files .* done {2}1 failed/);
  assert.match(shown.text, /WARN.* an object failed/);
  assert.match(shown.text, /demo: finished, but some objects failed/);
});
