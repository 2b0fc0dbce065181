import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { NewObject } from "@brigade/core";
import { type BadLine, readManifest } from "../../src/index.ts";
import { formatLostLine, formatManifestLine } from "../../src/manifest/manifest-line.ts";
import { ManifestWriter } from "../../src/manifest/manifest-writer.ts";
import { sampleOf } from "../../src/manifest/sample.ts";
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

test("names objects of a source from all times, the latest first, but for lost ones", (t) => {
  const root = scratchFolder(t);
  const folder = join(root, ".brigade/manifest");
  mkdirSync(folder, { recursive: true });
  const line = (key: string, more: Partial<NewObject> = {}) =>
    formatManifestLine(newObject(key, { listedSize: 9, ...more }), stored);
  const padding = Array.from({ length: 1_000 }, (_, i) => line(`old-${i}`)).join("");
  const lost = formatLostLine({ source: "photos", key: "new-2", lost: "missing", at: 1 });
  writeFileSync(join(folder, "b-1.ndjson"), padding + line("new-1") + line("new-2") + line("new-3") + lost);
  appendFileSync(join(folder, "b-1.ndjson"), line("other", { source: "music" }) + line("torn").slice(0, 40));
  writeFileSync(join(folder, "a-7.ndjson"), line("small", { source: "films", variant: "!s400" }));
  utimesSync(join(folder, "a-7.ndjson"), 1, 1);
  const sample = (most: number) => sampleOf(root, "photos", most);
  assert.deepEqual(sample(1), [{ key: "new-3", size: 5, modified, etag: undefined }]);
  const [latest, ...spread] = sample(4).map(({ key }) => key);
  const numbers = spread.map((key) => Number(key.replace("old-", "")));
  assert.equal(latest, "new-3");
  for (const [n, place] of [750, 500, 250].entries())
    assert.ok(Math.abs((numbers[n] ?? 0) - place) < 10, `${spread[n]} is near ${place}`);
  assert.ok(sample(50).every(({ key }) => key !== "new-2" && key !== "torn"));
  assert.deepEqual(
    sampleOf(root, "films", 5).map(({ key, size }) => [key, size]),
    [["small", 9]],
  );
  assert.deepEqual(
    sampleOf(root, "music", 5).map(({ key }) => key),
    ["other"],
  );
});

test("names as many objects as asked for, also of a source that is a small part of the manifest", (t) => {
  const root = scratchFolder(t);
  const folder = join(root, ".brigade/manifest");
  mkdirSync(folder, { recursive: true });
  const lines = (count: number, source: string) =>
    Array.from({ length: count }, (_, n) => formatManifestLine(newObject(`${n}`, { source }), stored)).join(
      "",
    );
  writeFileSync(join(folder, "a-1.ndjson"), lines(5_000, "music"));
  writeFileSync(join(folder, "a-2.ndjson"), lines(20, "photos"));
  utimesSync(join(folder, "a-1.ndjson"), 1, 1);
  const keys = sampleOf(root, "photos", 8).map(({ key }) => key);
  assert.deepEqual(keys, ["19", "18", "17", "16", "15", "14", "13", "12"]);
  assert.ok(!sampleOf(root, "music", 50).some(({ key }) => key === "0"), "it is not read whole");
});
