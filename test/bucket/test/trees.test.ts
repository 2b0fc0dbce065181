import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { bytesOf } from "../bodies/body.ts";
import { computedBody } from "../bodies/computed-body.ts";
import {
  compositeTree,
  explicitTree,
  type ObjectSet,
  objectsOf,
  oddObjects,
  sampleTree,
  syntheticTree,
  withHostileRows,
  writeTree,
} from "../index.ts";

test("a synthetic tree holds exactly the objects of its shape, at any depth", () => {
  for (const [directories, depth] of [
    [1, 0],
    [1, 1],
    [10, 1],
    [11, 2],
    [100, 2],
    [27, 3],
    [28, 3],
    [5, 4],
  ] as const) {
    const tree = syntheticTree({ directories, depth, filesPerDirectory: 3, minSize: 5, maxSize: 50 });
    const found = [...objectsOf(tree)];
    assert.equal(found.length, directories * 3, `${directories} at ${depth}`);
    assert.equal(tree.count, found.length);
    assert.equal(new Set(found.map(({ key }) => key)).size, found.length);
    for (const { key, size, modified } of found) {
      assert.equal(key.split("/").length, depth + 1);
      assert.ok(size >= 5 && size <= 50);
      assert.equal(tree.bodyOf(key).length, size);
      assert.equal(tree.object(key)?.modified, modified);
    }
  }
});

test("the bytes of a synthetic object depend on key and seed only", () => {
  const shape = { directories: 2, filesPerDirectory: 50, minSize: 1000, maxSize: 1000 };
  const tree = syntheticTree(shape);
  const bodies = [...objectsOf(tree)].map(({ key }) => tree.bodyOf(key).toString("latin1"));
  assert.equal(new Set(bodies).size, 100);
  assert.deepEqual(syntheticTree(shape).bodyOf("d1/p07.jpg"), tree.bodyOf("d1/p07.jpg"));
  assert.notDeepEqual(syntheticTree({ ...shape, seed: 2 }).bodyOf("d1/p07.jpg"), tree.bodyOf("d1/p07.jpg"));
});

test("a synthetic tree has no object under any other name", () => {
  const tree = syntheticTree({ directories: 10, filesPerDirectory: 10, minSize: 1, maxSize: 1 });
  for (const key of [
    "",
    "d0",
    "d00/p0.jpg",
    "d0/p10.jpg",
    "d0/p0.jpg/x",
    "d0/p0",
    "d0/p-1.jpg",
    "p0.jpg",
    "dx/p0.jpg",
  ]) {
    assert.equal(tree.object(key), undefined, key);
  }
  assert.equal(tree.list("d10", undefined, 1, "asc"), undefined);
  assert.equal(tree.isDirectory("d9"), true);
  assert.equal(tree.isDirectory("d9/p0.jpg"), false);
});

test("a computed body has its size, ends as a JPEG, and its parts are those of the whole", () => {
  for (const size of [
    0, 1, 5, 6, 100, 199, 200, 220, 300, 301, 305, 311, 65_700, 65_760, 65_765, 140_000, 1_300_000,
  ]) {
    const body = computedBody(12345, size);
    const whole = bytesOf(body);
    assert.equal(whole.length, size);
    if (size >= 6) {
      assert.equal(whole.subarray(0, 3).toString("hex"), "ffd8ff", `${size}`);
      assert.equal(whole.subarray(-2).toString("hex"), "ffd9", `${size}`);
    }
    for (const from of [0, 1, 19, 20, 21, 30, 65_550, 65_556, 65_557, size - 1]) {
      for (const length of [1, 3, 40, 66_000]) {
        if (from < 0 || from >= size) continue;
        const to = Math.min(size, from + length);
        const part = Buffer.concat([...body.chunks(from, to)]);
        assert.ok(part.equals(whole.subarray(from, to)), `${from}..${to} of ${size}`);
      }
    }
  }
});

test("the markers of a computed JPEG lead from its start to its scan", () => {
  for (const size of [400, 405, 33_000, 131_300, 200_001]) {
    const bytes = bytesOf(computedBody(7, size));
    let at = 2;
    const markers: number[] = [];
    for (;;) {
      while (bytes[at + 1] === 0xff) at++;
      assert.equal(bytes[at], 0xff, `${size}: a marker at ${at}`);
      const marker = bytes[at + 1] ?? 0;
      markers.push(marker);
      if (marker === 0xda) break;
      at += 2 + bytes.readUInt16BE(at + 2);
    }
    assert.deepEqual(new Set(markers), new Set([0xe0, 0xfe, 0xdb, 0xc0, 0xc4, 0xda]));
  }
});

test("paging through any set gives every row once, in either order", () => {
  const odd = explicitTree(oddObjects());
  const synthetic = syntheticTree({
    directories: 1,
    depth: 0,
    filesPerDirectory: 23,
    minSize: 1,
    maxSize: 9,
  });
  const twice = explicitTree([
    ["p05.jpg", { size: 3 }],
    ["m.jpg", { size: 3 }],
  ]);
  const hostile = withHostileRows(synthetic, [
    { directory: "", name: "p05.jpg", kind: "directory" },
    { directory: "", name: "..", kind: "file" },
  ]);
  const counts: [ObjectSet, number][] = [
    [odd, odd.list("", undefined, 1e6, "asc")?.length ?? 0],
    [synthetic, 23],
    [compositeTree(twice, synthetic), 24],
    [hostile, 25],
  ];
  for (const [set, count] of counts) {
    for (const order of ["asc", "desc"] as const) {
      for (const limit of [1, 2, 7, 23, 1000]) {
        const names: string[] = [];
        let rows = set.list("", undefined, limit, order) ?? [];
        while (rows.length > 0) {
          names.push(...rows.map(({ kind, name }) => `${kind}:${name}`));
          rows = set.list("", rows.at(-1), limit, order) ?? [];
        }
        assert.equal(names.length, count);
        assert.equal(new Set(names).size, count);
      }
    }
  }
});

test("the sample bucket has about 3,000 pictures of 33 kB on average, always the same", () => {
  const found = [...objectsOf(sampleTree())];
  const sizes = found.map(({ size }) => size);
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  assert.ok(found.length > 2900 && found.length < 3100);
  assert.ok(mean > 28_000 && mean < 38_000, `${mean}`);
  assert.ok(Math.max(...sizes) <= 600_000);
  assert.deepEqual([...objectsOf(sampleTree())], found);
});

test("a tree written to a folder has the same bytes and dates", () => {
  const folder = mkdtempSync(join(tmpdir(), "bucket-"));
  try {
    const synthetic = syntheticTree({ directories: 3, filesPerDirectory: 4, minSize: 0, maxSize: 90_000 });
    const tree = compositeTree(explicitTree(oddObjects()), synthetic);
    const { files } = writeTree(tree, folder);
    const found = [...objectsOf(tree)];
    assert.equal(files, found.length);
    for (const { key, size, modified } of found) {
      const path = join(folder, key);
      const object = tree.object(key);
      assert.ok(object && readFileSync(path).equals(bytesOf(object.body)), key);
      assert.deepEqual([statSync(path).size, statSync(path).mtimeMs], [size, modified * 1000]);
    }
    assert.throws(() =>
      writeTree(withHostileRows(tree, [{ directory: "", name: "..", kind: "file" }]), folder),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
