import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { explicitTree, startBucket } from "../bucket/index.ts";
import { brigade, environmentFor, temporaryFolder } from "../e2e/brigade.ts";

/*
 * Objects that are damaged or gone on disk, and gone at the source, are reported as lost for good;
 * those that the source still has are fetched again.
 */

const keys = Array.from({ length: 12 }, (_, index) => `a/${index}.txt`);
const tree = explicitTree(keys.map((key) => [key, { size: 500 }]));

test("status, where and audit name what is lost for good", async (t) => {
  await using bucket = await startBucket({ tree });
  const volume = join(await temporaryFolder(t), "n1");
  const environment = environmentFor(bucket);
  const run = (...args: readonly string[]) => brigade(args, environment);
  const copy = async () => assert.equal((await run("copy", "upyun://demo/", volume)).code, 0);
  const lost = async () => {
    const { stdout } = await run("audit", "upyun://demo/", "--state-dir", volume, "--json");
    const all = stdout
      .trim()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
    return all
      .filter(({ kind }) => kind === "lost")
      .map(({ key }) => key)
      .sort();
  };
  await copy();
  // Damaged, missing and cut off; one file of each kind is gone at the source, too.
  await writeFile(join(volume, "demo/a/0.txt"), "x".repeat(500));
  await rm(join(volume, "demo/a/1.txt"));
  await rm(join(volume, "demo/a/2.txt"));
  bucket.remove("a/0.txt");
  bucket.remove("a/1.txt");
  assert.equal((await run("verify", volume, "--repair", "--state-dir", volume)).code, 3);
  assert.deepEqual(await lost(), ["a/0.txt", "a/1.txt"]);
  await copy();
  assert.deepEqual(await lost(), ["a/0.txt", "a/1.txt"]);

  // Listed, but found vanished when the file that was cut off is fetched again.
  await writeFile(join(volume, "demo/a/3.txt"), "cut");
  bucket.vanish("a/3.txt");
  await copy();

  const status = await run("status", "--state-dir", volume);
  assert.match(status.stdout, /lost for good: 3 objects, such as "a\/\d\.txt"/);
  for (const key of ["a/0.txt", "a/3.txt"]) {
    const { code, stdout } = await run("where", key, "--state-dir", volume);
    assert.deepEqual([code, /\(lost for good\)/.test(stdout)], [3, true], stdout);
  }
  assert.equal((await run("where", "a/2.txt", "--state-dir", volume)).code, 0);
  assert.doesNotMatch((await run("where", "a/2.txt", "--state-dir", volume)).stdout, /lost/);
});
