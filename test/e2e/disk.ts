import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Bucket } from "../bucket/index.ts";

/** Paths of all files below a folder, relative to it; `.brigade` left out. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((path) => !path.startsWith(".brigade/"))
    .sort();
}

/** Unfinished files of any process. */
export async function temporaryFiles(volume: string): Promise<string[]> {
  const folder = join(volume, ".brigade", "tmp");
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile() && !entry.name.startsWith("lock")).map(({ name }) => name);
}

/** Large objects that are coming. */
export async function partFiles(volume: string): Promise<string[]> {
  return await readdir(join(volume, ".brigade", "parts"));
}

/**
 * Every key lies on exactly one of the volumes with the bucket's own bytes, under its own name, and
 * nothing else does. `pathOf` returns the path of keys that are mapped.
 */
export async function assertHolds(
  volumes: readonly string[],
  bucket: Bucket,
  keys: Iterable<string>,
  { version, pathOf = (key: string) => key }: { version?: string; pathOf?: (key: string) => string } = {},
): Promise<void> {
  const found = new Map<string, string>();
  for (const volume of volumes) {
    const root = join(volume, bucket.name);
    for (const path of await filesBelow(root)) {
      assert.ok(!found.has(path), `${path} lies on two volumes`);
      found.set(path, join(root, path));
    }
  }
  for (const key of keys) {
    const file = found.get(pathOf(key));
    assert.ok(file !== undefined, `${JSON.stringify(key)} is missing`);
    const bytes = await readFile(file);
    assert.ok(bytes.equals(bucket.bodyOf(key, version)), `${JSON.stringify(key)} has other bytes`);
    found.delete(pathOf(key));
  }
  assert.deepEqual([...found.keys()], [], "files that nobody asked for");
}
