import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { NewObject } from "@brigade/core";
import { type BadLine, readManifest } from "../../src/index.ts";
import { latestObjects } from "../../src/manifest/latest-objects.ts";
import { formatLostLine, formatManifestLine } from "../../src/manifest/manifest-line.ts";
import { ManifestWriter } from "../../src/manifest/manifest-writer.ts";
import { modified, newObject, scratchFolder } from "../scratch.ts";

const stored = { size: 5, md5: "0".repeat(32), verified: false, storedAt: 1 };
const lineOf = (key: string) => formatManifestLine(newObject(key), stored);

test("begins a new segment at every opening, and when one is large", (t) => {
  const folder = scratchFolder(t);
  const options = { folder, instance: "a-1", syncEach: true, segmentBytes: 2.5 * lineOf("k").length };
  const first = new ManifestWriter(options);
  for (let round = 0; round < 3; round += 1) first.append(lineOf("k"));
  first.close();
  new ManifestWriter({ ...options, instance: "a" }).append(lineOf("k"));
  const second = new ManifestWriter(options);
  assert.equal(readdirSync(folder).length, 3, "nothing is made before the first line");
  second.append(lineOf("k"));
  second.close();
  assert.deepEqual(readdirSync(folder).sort(), [
    "a-1-1.ndjson",
    "a-1-2.ndjson",
    "a-1-3.ndjson",
    "a-1.ndjson",
  ]);
});

test("reads every key back, reports what is torn or damaged, and goes on", async (t) => {
  const root = scratchFolder(t);
  const folder = join(root, ".brigade/manifest");
  mkdirSync(folder, { recursive: true });
  const odd = "line\nfeed \u2028 \u0085 \r ü";
  writeFileSync(
    join(folder, "a-2.ndjson"),
    `${lineOf("one")}{"source":"photos"}\n${lineOf(odd)}${lineOf("torn").slice(0, 40)}`,
  );
  writeFileSync(join(folder, "a-10.ndjson"), lineOf("two"));
  appendFileSync(join(folder, "a-10.ndjson"), `${"\0".repeat(3_000_000)}\n${lineOf("three")}`);
  writeFileSync(join(folder, "notes.txt"), "not ours");
  const bad: BadLine[] = [];
  const lines = await Array.fromAsync(readManifest(root, (line) => bad.push(line)));
  assert.deepEqual(
    lines.map(({ key }) => key),
    ["one", odd, "two", "three"],
  );
  assert.deepEqual([...new Set(bad.map(({ segment }) => segment))], ["a-2.ndjson", "a-10.ndjson"]);
  assert.deepEqual(
    bad.slice(0, 2).map(({ line }) => line),
    [2, 4],
  );
});

test("names the objects of a source that were stored last, the newest segment's first, but for lost ones", (t) => {
  const root = scratchFolder(t);
  const folder = join(root, ".brigade/manifest");
  mkdirSync(folder, { recursive: true });
  const line = (key: string, more: Partial<NewObject> = {}) =>
    formatManifestLine(newObject(key, { listedSize: 9, ...more }), stored);
  const padding = Array.from({ length: 1_000 }, (_, i) => line(`old-${i}`)).join("");
  const lost = formatLostLine({ source: "photos", key: "new-2", lost: "missing", at: 1 });
  writeFileSync(join(folder, "b-1.ndjson"), padding + line("new-1") + line("new-2") + line("new-3") + lost);
  appendFileSync(join(folder, "b-1.ndjson"), line("other", { source: "music" }) + line("torn").slice(0, 40));
  writeFileSync(join(folder, "a-7.ndjson"), line("older", { variant: "!s400" }));
  utimesSync(join(folder, "a-7.ndjson"), 1, 1);
  const keys = (most: number) => latestObjects(root, "photos", most).map(({ key }) => key);
  assert.deepEqual(keys(3), ["new-3", "new-1", "old-999"]);
  assert.deepEqual(latestObjects(root, "photos", 1), [{ key: "new-3", size: 5, modified, etag: undefined }]);
  const all = latestObjects(root, "photos", 1_000);
  assert.deepEqual([all.at(-1)?.key, all.at(-1)?.size], ["older", 9]);
  assert.ok(all.length < 600, "only the ends of segments are read");
  assert.deepEqual(
    latestObjects(root, "music", 5).map(({ key }) => key),
    ["other"],
  );
});
