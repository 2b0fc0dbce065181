import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { objectsOf, startBucket, syntheticTree } from "../bucket/index.ts";
import { brigade, environmentFor, onTerminal, temporaryFolder } from "../e2e/brigade.ts";

const tree = syntheticTree({ directories: 20, filesPerDirectory: 500, minSize: 10, maxSize: 20, seed: 9 });
const keys = [...objectsOf(tree)].map(({ key }) => key);
/** All but every fifth. */
const forbidden = keys.filter((_, index) => index % 5 !== 0);

test("thousands of refused objects are some lines with a count, and a file that has them all, named once", async (t) => {
  await using bucket = await startBucket({ tree, forbidden });
  const volume = await temporaryFolder(t);

  const { code, stderr } = await brigade(["copy", "upyun://demo/", volume, "--json"], environmentFor(bucket));

  assert.equal(code, 3, stderr.slice(0, 2_000));
  assert.ok(stderr.length < 20_000, `${stderr.length} bytes on stderr`);
  const lines = stderr
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { msg: string; count?: number; file?: string });
  const failed = lines.filter(({ msg }) => msg.startsWith("an object failed"));
  const counted = failed.reduce((sum, { count = 1 }) => sum + count, 0);
  assert.equal(counted, forbidden.length, "the count is lost");
  const named = lines.filter(({ file }) => file !== undefined);
  assert.equal(named.length, 1);
  const listed = (await readFile(named[0]?.file ?? "", "utf8")).trimEnd().split("\n");
  assert.deepEqual(listed.map((line) => JSON.parse(line).key).sort(), forbidden.toSorted());
});

test("on a terminal the count of equal lines is shown, too, before the summary", async (t) => {
  const few = new Set(keys.slice(0, 1_000));
  await using bucket = await startBucket({ tree, forbidden: keys.filter((key) => few.has(key)) });
  const volume = await temporaryFolder(t);
  const { code, text } = await onTerminal(["copy", "upyun://demo/", volume], environmentFor(bucket));
  assert.equal(code, 3, text.slice(-2_000));
  assert.match(text, /an object failed \(995 like this one\)[\s\S]*demo: finished, but some objects failed/);
});
